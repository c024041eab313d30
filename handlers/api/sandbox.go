package api

import (
	"context"
	"net/http"

	"dossier/domain/organisation"
	"dossier/handlers"
)

// sandboxRoutes are where integrators try things out and begin anew.
func (s *server) sandboxRoutes() {
	get(s, "/v1/sandboxes", "list-sandboxes", "Sandboxes: agencies whose dossiers are tests, each with the round that is open", s.sandboxes)
	post(s, "/v1/sandboxes/{agency}/reset", "reset-sandbox", "Close the open round of a sandbox, so that its dossiers are not there any more, and open the next; units, accounts and keys stay", s.resetSandbox)
}

type sandboxBody struct {
	organisation.Sandbox
	Mark       string `json:"mark" example:"sandbox.3" doc:"What its dossiers carry: sandbox in a state, ce_sandbox in Kafka."`
	Applicants string `json:"applicants" example:"sandbox-" doc:"What references of applicants begin with in there, and nowhere else."`
}

func sandboxed(s organisation.Sandbox) sandboxBody { return sandboxBody{s, s.Name(), s.Agency + "-"} }

type sandboxesOutput struct {
	Body struct {
		Items []sandboxBody `json:"items"`
	}
}

func (s *server) sandboxes(ctx context.Context, _ *struct{}) (*sandboxesOutput, error) {
	open, err := s.Executor.OpenSandboxes(ctx)
	out := &sandboxesOutput{}
	out.Body.Items = []sandboxBody{}
	for _, one := range open {
		out.Body.Items = append(out.Body.Items, sandboxed(one))
	}
	return out, err
}

type resetInput struct {
	Agency string `path:"agency" maxLength:"64" example:"sandbox"`
	Key    string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act: sent again, it resets once. Missing: made and returned."`
}

type resetOutput struct {
	Status int
	Key    string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body   sandboxBody
}

func (s *server) resetSandbox(ctx context.Context, in *resetInput) (*resetOutput, error) {
	e := keyed(ctx, in.Key)
	open, err := s.Executor.ResetSandbox(ctx, handlers.CallOf(ctx).Actor, in.Agency, e)
	return &resetOutput{http.StatusOK, e.Key, sandboxed(open)}, err
}
