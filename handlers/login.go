package handlers

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/organisation"
)

// An Authenticator says who sent a request: by a key or a session (package identity), or in development by its word.
type Authenticator interface {
	// Authenticate returns the actor, or ErrUnauthenticated when the request names none that is known.
	Authenticate(r *http.Request) (domain.Actor, error)
}

// ErrUnauthenticated says that the caller is nobody we know (401).
var ErrUnauthenticated = errors.New("caller is not authenticated")

// LoginCookie carries the account of the development login.
const LoginCookie = "dossier_as"

// DevLogin believes whatever account a request names. It is for development only: `dev` wires it, and `serve` only when told. It knows three
// applicants and the accounts of the organisation, of the shipped one until another is followed.
type DevLogin struct{ organisation *Organisations }

// Account is a demo login.
type Account struct {
	Account string
	Role    domain.Role
	Unit    string
	VI, EN  string // what it is, in words
}

// Actor is the account as an actor.
func (a Account) Actor() domain.Actor {
	return domain.Actor{Account: a.Account, Role: a.Role, Unit: a.Unit}
}

// The units of the demo authority.
const (
	UnitOneStop         = "one-stop"
	UnitAnimalHealth    = "animal-health"
	UnitPlantProtection = "plant-protection"
	UnitRegistry        = "registry"
	UnitLeadership      = "leadership"
	UnitInspectorate    = "inspectorate"
	UnitIT              = "it"
)

// applicants are the demo people before the authority. An applicant's account is its applicant reference.
var applicants = []Account{
	{"applicant-1", domain.Applicant, "", "Người nộp thứ nhất", "First applicant"},
	{"applicant-2", domain.Applicant, "", "Người nộp thứ hai", "Second applicant"},
	{"sandbox-applicant-1", domain.Applicant, "", "Người nộp, thử nghiệm", "Applicant in the sandbox"},
}

// NewDevLogin returns the demo accounts, at least one for each role.
func NewDevLogin() *DevLogin { return &DevLogin{} }

// Follow returns a login that knows the accounts of the organisation that an executor goes by, once there is one.
func (d *DevLogin) Follow(x *Executor) *DevLogin { return &DevLogin{x.organisation} }

// now is the organisation whose accounts are known.
func (d *DevLogin) now() organisation.Organisation {
	if d.organisation == nil {
		return shippedOrganisation()
	}
	o, err := d.organisation.Recent(context.Background())
	if err != nil || !o.Exists() { // no answer: the executor, which asks again, will say so
		return shippedOrganisation()
	}
	return o
}

// Accounts lists the logins that are valid now, in the order a dossier meets them, those that do not ship last.
func (d *DevLogin) Accounts() []Account {
	o, known := d.now(), slices.Clone(applicants)
	place := func(a organisation.Account) int {
		i := slices.IndexFunc(shippedOrganisation().Accounts, func(s organisation.Account) bool { return s.ID == a.ID })
		if i < 0 {
			return len(shippedOrganisation().Accounts)
		}
		return i
	}
	list := slices.Clone(o.Accounts)
	slices.SortStableFunc(list, func(a, b organisation.Account) int { return place(a) - place(b) })
	for _, a := range list {
		if acts := o.Actors(a.ID, time.Now()); len(acts) > 0 {
			known = append(known, Account{a.ID, acts[0].Role, acts[0].Unit, a.TitleVI, a.TitleEN})
		}
	}
	return known
}

// Account finds a login by name (`--as`), or by name and role, "lead/reception_officer", where it holds several. One whose validity is over
// is found too: what it sends is refused by the executor, which records that.
func (d *DevLogin) Account(name string) (Account, bool) {
	name, role, chosen := strings.Cut(name, "/")
	if i := slices.IndexFunc(applicants, func(a Account) bool { return a.Account == name }); i >= 0 && !chosen {
		return applicants[i], true
	}
	o := d.now()
	a, known := o.AccountOf(name)
	if !known {
		return Account{}, false
	}
	acts := o.Actors(name, time.Now())
	for _, p := range a.Posts {
		acts = append(acts, domain.Actor{Account: name, Role: p.Role, Unit: p.Unit})
	}
	for _, actor := range acts {
		if !chosen || string(actor.Role) == role {
			return Account{name, actor.Role, actor.Unit, a.TitleVI, a.TitleEN}, true
		}
	}
	return Account{}, false
}

// Authenticate takes `Authorization: Bearer dev:ACCOUNT`, or else the login cookie.
func (d *DevLogin) Authenticate(r *http.Request) (domain.Actor, error) {
	a, ok := d.Account(named(r))
	if !ok {
		return domain.Actor{}, ErrUnauthenticated
	}
	return a.Actor(), nil
}

func named(r *http.Request) string {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		account, ok := strings.CutPrefix(strings.TrimSpace(token), "dev:")
		if !ok || !strings.EqualFold(scheme, "Bearer") {
			return ""
		}
		return account
	}
	if c, err := r.Cookie(LoginCookie); err == nil {
		return c.Value
	}
	return ""
}

// Nobody refuses every caller.
type Nobody struct{}

// Authenticate always fails.
func (Nobody) Authenticate(*http.Request) (domain.Actor, error) {
	return domain.Actor{}, ErrUnauthenticated
}
