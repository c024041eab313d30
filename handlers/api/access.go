package api

import (
	"context"
	"net/url"
	"strconv"

	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

type accessInput struct {
	Account string `query:"account" maxLength:"64" doc:"Entries of this account alone."`
	Since   string `query:"since" doc:"Recorded then or later: an instant, or a date from its first moment in the agency's zone."`
	Before  int64  `query:"before" minimum:"1" doc:"Position to go on before: next of the page before."`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Entries at most. A page that looked through many may hold fewer and yet have a next."`
	Accept  string `header:"Accept" doc:"application/x-ndjson: all entries from before on, one a line; limit says nothing then."`
}

// access shows auditors the access journal.
func (s *server) access(ctx context.Context, in *accessInput) (*huma.StreamResponse, error) {
	since, err := handlers.ParseSince(in.Since, s.Zone)
	if err != nil {
		return nil, err
	}
	by, f := handlers.CallOf(ctx).Actor, handlers.AccessFilter{Account: in.Account, Since: since, Before: in.Before, Limit: in.Limit}
	return listed{
		page: func() (string, any, error) {
			page, err := s.Executor.Accesses(ctx, by, f)
			return in.next(page.Next), page, err
		},
		all: func(ctx context.Context, tell func(any) error) error {
			f.Limit = 500
			return paged(func() (more bool, err error) {
				page, err := s.Executor.Accesses(ctx, by, f)
				if err != nil {
					return false, err
				}
				for _, e := range page.Entries {
					if err := tell(e); err != nil {
						return false, err
					}
				}
				f.Before = page.Next
				return page.Next > 0, nil
			})
		},
	}.answer(in.Accept)
}

// next is the link to the page after this one.
func (in *accessInput) next(before int64) string {
	if before == 0 {
		return ""
	}
	q := url.Values{"before": {strconv.FormatInt(before, 10)}, "limit": {strconv.Itoa(in.Limit)}}
	for name, value := range map[string]string{"account": in.Account, "since": in.Since} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return link("/v1/access", q)
}

type openingsInput struct {
	ID     string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	Before int64  `query:"before" minimum:"1" doc:"Position to go on before: next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type openingsOutput struct{ Body handlers.Openings }

// openings shows who may read a dossier by whom it was opened.
func (s *server) openings(ctx context.Context, in *openingsInput) (*openingsOutput, error) {
	id, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	page, err := s.Executor.Openings(ctx, handlers.CallOf(ctx).Actor, id, in.Before, in.Limit)
	return &openingsOutput{page}, err
}
