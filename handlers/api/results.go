package api

import (
	"context"
	"net/http"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"

	"github.com/danielgtaylor/huma/v2"
)

// checkRoute is open to everybody, and so slow to whoever guesses.
const checkRoute = "GET /v1/results/{number}"

func (s *server) resultRoutes() {
	get(s, "/v1/results", "list-results", "The register of results over all dossiers: what was issued, whether it stands, whose holder is to be reminded", s.results)
	op := s.operation(http.MethodGet, "/v1/results/{number}", "check-result", "Whether a paper stands: valid, expired, replaced or revoked. For everybody, without personal data")
	op.Security = []map[string][]string{{}}
	op.Responses["429"] = op.Responses["503"]
	register(s, op, answering(answerWithin, s.checkResult))
}

type checkInput struct {
	Number string `path:"number" maxLength:"128" doc:"Number of the paper (000.00.00.H00-261126-0001-KQ1), or the code of its dossier." example:"000.00.00.H00-261126-0001-KQ1"`
	Agency string `query:"agency" maxLength:"64" doc:"Code of the agency or unit that issued it; another one's is not found."`
}

type checkOutput struct {
	Body struct {
		Items []handlers.CheckedResult `json:"items"`
	}
}

func (s *server) checkResult(ctx context.Context, in *checkInput) (*checkOutput, error) {
	all, err := s.Executor.CheckResult(ctx, s.Views, in.Number, in.Agency)
	out := &checkOutput{}
	out.Body.Items = all
	return out, err
}

type resultsInput struct {
	Procedure   string `query:"procedure" maxLength:"128"`
	Unit        string `query:"unit" maxLength:"64"`
	Verdict     string `query:"verdict" enum:"valid,expired,replaced,revoked" doc:"What it is now."`
	RenewBy     string `query:"renew_by" format:"date" doc:"Valid papers whose holders are to be reminded by the end of that day."`
	MinPosition int64  `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
	Limit       int    `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Cursor      string `query:"cursor" maxLength:"128" doc:"From the next of the page before."`
	Accept      string `header:"Accept" doc:"application/x-ndjson: the whole register from cursor on, a paper a line; limit says nothing then."`
}

type resultsBody struct {
	Items []resultLine `json:"items"`
	Next  string       `json:"next,omitempty" doc:"Cursor of the next page."`
	Stamp stampBody    `json:"stamp"`
}

type resultLine struct {
	ID      string               `json:"id" format:"uuid" doc:"Of the dossier."`
	Number  string               `json:"number,omitempty" doc:"Missing while the dossier has no code."`
	Verdict dossier.PaperVerdict `json:"verdict" enum:"valid,expired,replaced,revoked"`
	dossier.Paper

	Procedure     string     `json:"procedure"`
	RemindAt      *time.Time `json:"remind_at" doc:"When the holder is reminded; null for a paper without end and one that does not stand."`
	RemindAssumed bool       `json:"remind_assumed" doc:"The procedure does not say when: 60 days before its end."`
}

func (s *server) results(ctx context.Context, in *resultsInput) (*huma.StreamResponse, error) {
	actor := handlers.CallOf(ctx).Actor
	if err := handlers.Authorize(actor, handlers.Act{Kind: handlers.List}); err != nil {
		return nil, err
	}
	f := projections.ResultFilter{Procedure: in.Procedure, Unit: in.Unit, Applicant: handlers.Only(actor), Verdict: dossier.PaperVerdict(in.Verdict), Now: s.Executor.Now(), Limit: in.Limit, Cursor: in.Cursor}
	var err error
	if f.Sight, err = s.Executor.Sight(ctx, actor); err != nil {
		return nil, err
	}
	if in.RenewBy != "" {
		day, err := s.day(in.RenewBy)
		if err != nil {
			return nil, err
		}
		f.RenewBy = (day + 1).Start(s.Zone).Add(-time.Microsecond)
	}
	if in.MinPosition > 0 {
		if err := s.wait(ctx, in.MinPosition, nil); err != nil {
			return nil, err
		}
	}
	return listed{
		page: func() (string, any, error) {
			page, err := s.Views.Results(ctx, f)
			b := resultsBody{Items: []resultLine{}, Next: page.Next, Stamp: stamp(page.Stamp)}
			for _, r := range page.Rows {
				b.Items = append(b.Items, lineOf(r))
			}
			return "", b, err
		},
		all: func(ctx context.Context, tell func(any) error) error {
			f.Limit = 500
			return paged(func() (more bool, err error) {
				page, err := s.Views.Results(ctx, f)
				if err != nil {
					return false, err
				}
				for _, r := range page.Rows {
					if err := tell(lineOf(r)); err != nil {
						return false, err
					}
				}
				f.Cursor = page.Next
				return page.Next != "", nil
			})
		},
	}.answer(in.Accept)
}

func lineOf(r projections.Result) resultLine {
	l := resultLine{ID: r.ID.String(), Verdict: r.Verdict, Paper: r.Paper, Procedure: r.State.Procedure}
	if r.Code != nil {
		l.Number = handlers.ResultNumber(*r.Code, r.Paper.Number)
	}
	if at, assumed := r.Paper.Reminder(); !at.IsZero() {
		l.RemindAt, l.RemindAssumed = &at, assumed
	}
	return l
}
