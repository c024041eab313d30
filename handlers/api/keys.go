package api

import (
	"context"
	"net/http"
	"time"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/identity"
)

// keyRoutes are how programs get in and are kept out. A key itself opens none of them.
func (s *server) keyRoutes() {
	get(s, "/v1/keys", "list-keys", "API keys: whom each acts as, what it may do, from where, until when, last use. Never a secret", s.keys)
	op := s.operation(http.MethodPost, "/v1/keys", "make-key", "Give a program a key. Its token is in this answer and nowhere else; sent twice, there are two keys. It counts once somebody else confirms it")
	op.DefaultStatus = http.StatusCreated
	register(s, op, answering(answerWithin, s.makeKey))
	post(s, "/v1/keys/{prefix}/confirm", "confirm-key", "Let a key count that another made: an auditor or another system administrator says so", s.confirmKey)
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

func (s *server) confirmKey(ctx context.Context, in *keyInput) (*keyOutput, error) {
	k, err := s.Keys.Confirm(ctx, accessor(ctx), in.Prefix)
	return &keyOutput{k}, err
}

// sessionRoutes are who is signed in, and who of the issuer is whom here.
func (s *server) sessionRoutes() {
	get(s, "/v1/sessions", "list-sessions", "Who is signed in: account, role, level, when last seen", s.sessions)
	post(s, "/v1/sessions/end", "end-sessions", "Sign an account out everywhere, at once", s.endSessions)
	post(s, "/v1/subjects/link", "link-subject", "Make a user of the issuer an account of the organisation, once somebody else confirms it; without an account no longer", s.linkSubject)
	post(s, "/v1/subjects/confirm", "confirm-subject", "Let a user sign in as the account that another linked it to: an auditor or another system administrator says both", s.confirmSubject)
}

type sessionsInput struct {
	Account string `query:"account" maxLength:"64" doc:"Of this account alone."`
}

type sessionsOutput struct {
	Body struct {
		Sessions []identity.Session `json:"sessions"`
	}
}

func (s *server) sessions(ctx context.Context, in *sessionsInput) (*sessionsOutput, error) {
	out := &sessionsOutput{}
	var err error
	out.Body.Sessions, err = s.Sessions.List(ctx, handlers.CallOf(ctx).Actor, in.Account)
	return out, err
}

type endSessionsInput struct {
	Body struct {
		Account string `json:"account" example:"officer-1"`
	}
}

type endedOutput struct {
	Body struct {
		Ended int `json:"ended" doc:"In how many browsers it was signed in."`
	}
}

func (s *server) endSessions(ctx context.Context, in *endSessionsInput) (*endedOutput, error) {
	out := &endedOutput{}
	var err error
	out.Body.Ended, err = s.Sessions.End(ctx, accessor(ctx), in.Body.Account)
	return out, err
}

type linkInput struct {
	Body struct {
		Subject string `json:"subject" doc:"The claim sub of the user at the issuer. Only a keyed hash of it is kept."`
		Account string `json:"account,omitempty" doc:"Of the organisation; none: the link ends and its sessions with it."`
	}
}

func (s *server) linkSubject(ctx context.Context, in *linkInput) (*struct{}, error) {
	if s.SignIn == nil {
		return nil, noIssuer(ctx, handlers.Operate)
	}
	return nil, s.SignIn.Link(ctx, accessor(ctx), in.Body.Subject, in.Body.Account)
}

type confirmLinkInput struct {
	Body struct {
		Subject string `json:"subject" doc:"The claim sub of the user at the issuer."`
		Account string `json:"account" doc:"The account that it was linked to."`
	}
}

func (s *server) confirmSubject(ctx context.Context, in *confirmLinkInput) (*struct{}, error) {
	if s.SignIn == nil {
		return nil, noIssuer(ctx, handlers.Operate, handlers.Audit)
	}
	return nil, s.SignIn.Confirm(ctx, accessor(ctx), in.Body.Subject, in.Body.Account)
}

// noIssuer tells those who may know it, of any of these kinds, that nobody signs in by an issuer here.
func noIssuer(ctx context.Context, kinds ...handlers.ActKind) (err error) {
	for _, kind := range kinds {
		if err = handlers.Authorize(handlers.CallOf(ctx).Actor, handlers.Act{Kind: kind}); err == nil {
			return &handlers.Failure{Status: http.StatusNotFound, Code: "no_issuer",
				VI: "Chưa cấu hình hệ thống định danh: OIDC_ISSUER_URL", EN: "No identity provider is set: OIDC_ISSUER_URL"}
		}
	}
	return err
}
