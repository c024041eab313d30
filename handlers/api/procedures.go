package api

import (
	"context"

	"dossier/domain/procedure"
)

type proceduresInput struct {
	Open bool `query:"open" doc:"Only those that can be filed now."`
}

type proceduresOutput struct {
	Body struct {
		Items []procedure.Version `json:"items"`
	}
}

// procedures is the catalogue. It is public to everybody who is signed in.
func (s *server) procedures(_ context.Context, in *proceduresInput) (*proceduresOutput, error) {
	out := &proceduresOutput{}
	out.Body.Items = []procedure.Version{}
	for _, v := range procedure.Catalogue() {
		if v.OpenForFiling || !in.Open {
			out.Body.Items = append(out.Body.Items, v)
		}
	}
	return out, nil
}
