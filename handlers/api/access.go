package api

import (
	"context"
	"net/url"
	"strconv"

	"dossier/handlers"
)

type accessInput struct {
	Account string `query:"account" maxLength:"64" doc:"Entries of this account alone."`
	Since   string `query:"since" doc:"Recorded then or later: an instant, or a date from its first moment in the agency's zone."`
	Before  int64  `query:"before" minimum:"1" doc:"Position to go on before: next of the page before."`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"Entries at most. A page that looked through many may hold fewer and yet have a next."`
}

type accessOutput struct {
	Link string `header:"Link" doc:"The page after this one, if there is one."`
	Body handlers.AccessPage
}

// access shows auditors the access journal.
func (s *server) access(ctx context.Context, in *accessInput) (*accessOutput, error) {
	since, err := handlers.ParseSince(in.Since, s.Zone)
	if err != nil {
		return nil, err
	}
	page, err := s.Executor.Accesses(ctx, handlers.CallOf(ctx).Actor, handlers.AccessFilter{Account: in.Account, Since: since, Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := &accessOutput{Body: page}
	if page.Next > 0 {
		q := url.Values{"before": {strconv.FormatInt(page.Next, 10)}, "limit": {strconv.Itoa(in.Limit)}}
		for name, value := range map[string]string{"account": in.Account, "since": in.Since} {
			if value != "" {
				q.Set(name, value)
			}
		}
		out.Link = link("/v1/access", q)
	}
	return out, nil
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
