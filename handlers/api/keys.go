package api

import (
	"context"
	"net/http"
	"time"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/identity"

	"github.com/danielgtaylor/huma/v2"
)

// keyRoutes are how programs get in and are kept out. A key itself opens none of them.
func (s *server) keyRoutes() {
	get(s, "/v1/keys", "list-keys", "API keys: whom each acts as, what it may do, from where, until when, last use. Never a secret", s.keys)
	op := s.operation(http.MethodPost, "/v1/keys", "make-key", "Give a program a key. Its token is in this answer and nowhere else; sent twice, there are two keys")
	op.DefaultStatus = http.StatusCreated
	huma.Register(s.api, op, answering(answerWithin, s.makeKey))
	post(s, "/v1/keys/{prefix}/revoke", "revoke-key", "End a key, from the next request on and for ever", s.revokeKey)
}

type keysOutput struct {
	Body struct {
		Keys []identity.Key `json:"keys"`
	}
}

func (s *server) keys(ctx context.Context, _ *struct{}) (*keysOutput, error) {
	out := &keysOutput{}
	var err error
	out.Body.Keys, err = s.Keys.List(ctx, handlers.CallOf(ctx).Actor)
	return out, err
}

type makeKeyInput struct {
	Body struct {
		Label    string      `json:"label" example:"provincial-portal" doc:"What it is for: lower-case letters, digits, hyphens."`
		Account  string      `json:"account" example:"portal" doc:"The account it acts as."`
		Role     domain.Role `json:"role" example:"case_officer"`
		Unit     string      `json:"unit,omitempty" example:"animal-health"`
		Scopes   []string    `json:"scopes" doc:"Some of read, feed, command, person, audit."`
		Networks []string    `json:"networks,omitempty" doc:"Addresses or CIDRs from which it counts; none: all."`
		Days     int         `json:"days,omitempty" minimum:"1" maximum:"732" default:"365" doc:"How long it counts."`
	}
}

type madeKeyOutput struct {
	Location string `header:"Location"`
	Body     struct {
		Key   identity.Key `json:"key"`
		Token string       `json:"token" doc:"Sent as Authorization: Bearer TOKEN. It is shown here once."`
	}
}

func (s *server) makeKey(ctx context.Context, in *makeKeyInput) (*madeKeyOutput, error) {
	b, out := in.Body, &madeKeyOutput{Location: "/v1/keys"}
	if b.Days == 0 {
		b.Days = 365
	}
	var err error
	out.Body.Key, out.Body.Token, err = s.Keys.Make(ctx, accessor(ctx), identity.NewKey{
		Label: b.Label, As: domain.Actor{Account: b.Account, Role: b.Role, Unit: b.Unit}, Scopes: b.Scopes, Networks: b.Networks, For: time.Duration(b.Days) * 24 * time.Hour,
	})
	return out, err
}

type keyInput struct {
	Prefix string `path:"prefix" maxLength:"64" doc:"As the list of keys has it."`
}

type keyOutput struct{ Body identity.Key }

func (s *server) revokeKey(ctx context.Context, in *keyInput) (*keyOutput, error) {
	k, err := s.Keys.Revoke(ctx, accessor(ctx), in.Prefix)
	return &keyOutput{k}, err
}
