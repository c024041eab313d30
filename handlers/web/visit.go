package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/organisation"
	"dossier/handlers"
	"dossier/projections"
)

// A visit is one request as the pages see it: who looks, in which language, theme and density.
type visit struct {
	format
	Actor          *domain.Actor // nil before login
	URL            *url.URL
	Theme, Density string
	Head           string // the title's words
	Now            time.Time
	Roomy          bool // pages for everybody are roomy, officers' pages dense
	Data           any
	cacheable      bool // holds nothing of any person: may be kept under its ETag
	rules          handlers.Catalogue
	house          organisation.Organisation
	sight          projections.Sight
	stranger       error // why the organisation does not admit who looks
}

type pageFunc func(w http.ResponseWriter, r *http.Request, v *visit) error

// page turns a page's function into a handler: it finds out who looks and how, and makes every error a page of its own.
func (s *site) page(f pageFunc) http.HandlerFunc { return s.within(answerWithin, f) }

// answerWithin is the most a page takes before its reader is told to come again.
const answerWithin = 15 * time.Second

// within is page with another bound of time.
func (s *site) within(most time.Duration, f pageFunc) http.HandlerFunc {
	return s.lasting(func(w http.ResponseWriter, r *http.Request, v *visit) error {
		leave, err := s.Gate.Enter(r)
		if err != nil {
			return err
		}
		defer leave()
		ctx, cancel := context.WithTimeout(r.Context(), most)
		defer cancel()
		return f(w, r.WithContext(ctx), v)
	})
}

// lasting is page for what stays open for long: it must not keep the others out.
func (s *site) lasting(f pageFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := s.admit(w, r)
		if err == nil {
			err = v.enter(r)
		}
		if err == nil {
			err = f(w, r, v)
		}
		if err != nil {
			s.fail(w, r, v, err)
		}
	}
}

// enter asks for the right to a page before anything of it is looked at. What is sent is refused by the executor, which records it.
func (v *visit) enter(r *http.Request) error {
	door, known := handlers.DoorOf(handlers.Web, r.Pattern)
	if !known || door.Free != "" || r.Method == http.MethodPost {
		return nil
	}
	actor, err := v.known()
	if err != nil {
		return err
	}
	return door.May(actor)
}

// admit is visit for who does not ask too often.
func (s *site) admit(w http.ResponseWriter, r *http.Request) (*visit, error) {
	tooOften := s.Rates.Address(r) // before anybody is looked up
	v := s.visit(w, r)
	if v.Actor != nil && tooOften == nil {
		tooOften = s.Rates.Account(v.Actor.Account)
	}
	return v, tooOften
}

func (s *site) visit(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{URL: r.URL, Now: s.Now(), Theme: preference(w, r, "theme", "light", "dark"), Density: preference(w, r, "density", "compact")}
	chosen := Lang(preference(w, r, "lang", string(VI), string(EN)))
	if chosen == "" { // the language of the house, whatever the browser's own: one link switches
		chosen = VI
	}
	v.format = format{lang: chosen, zone: s.Zone}
	v.rules = s.Executor.Procedures().All(r.Context())
	house, unknown := s.Executor.Organisation().Recent(r.Context())
	v.house = house // no answer: no delegation is offered
	if a, err := s.Auth.Authenticate(r); err == nil {
		v.Actor, v.sight = &a, s.Executor.SightIn(house, a)
		if r.Method != http.MethodPost { // what is sent is refused by the executor, which records it
			if v.stranger = unknown; unknown == nil {
				v.stranger = house.Admits(a, s.Executor.Now())
			}
		}
	}
	return v
}

// preference reads a choice from the address, which sets it for later, or from its cookie. An unknown value is "no choice".
func preference(w http.ResponseWriter, r *http.Request, name string, known ...string) string {
	if asked := r.URL.Query().Get(name); asked != "" {
		c := &http.Cookie{Name: name, Value: asked, Path: "/", MaxAge: 365 * 86400, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil}
		if !oneOf(asked, known) {
			c.Value, c.MaxAge = "", -1
		}
		http.SetCookie(w, c)
		return c.Value
	}
	if c, err := r.Cookie(name); err == nil && oneOf(c.Value, known) {
		return c.Value
	}
	return ""
}

func oneOf(s string, known []string) bool {
	for _, k := range known {
		if s == k {
			return true
		}
	}
	return false
}

// With returns this page's address with query values changed: the language switch, a removed filter, a sort.
func (v *visit) With(pairs ...string) string {
	q := v.URL.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Del(pairs[i])
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return inHouse((&url.URL{Path: v.URL.Path, RawQuery: q.Encode()}).String())
}

// At says whether the page stands at a path, for the mark in the navigation.
func (v *visit) At(path string) bool { return v.URL.Path == path }

// Here is this page's address: where signing in comes back to.
func (v *visit) Here() string { return inHouse(v.URL.RequestURI()) }

// inHouse is an address as a link of ours: one that begins with two slashes would lead to another host.
func inHouse(address string) string { return "/" + strings.TrimLeft(address, "/") }

// MaySubmit says whether the page offers the filing of dossiers.
func (v *visit) MaySubmit() bool {
	return v.Actor != nil && handlers.Authorize(*v.Actor, handlers.Act{Kind: handlers.Command, Name: submitCommand, Applicant: v.Actor.Account}) == nil
}

// Staff says whether who looks works here.
func (v *visit) Staff() bool {
	return v.Actor != nil && v.stranger == nil && v.Actor.Role != domain.Applicant
}

// Sandbox is the round in which who looks tries things out; 0 where all is real.
func (v *visit) Sandbox() int {
	if v.Actor == nil {
		return 0
	}
	s, _ := v.house.SandboxFor(*v.Actor, calendar.DateOf(v.Now, handlers.Zone()))
	return s.Round
}

// may says whether who looks may send a command to a dossier that they were let read: an applicant who is, owns it or has a mandate of who does.
// The executor asks once more.
func (v *visit) may(command string) error {
	return handlers.Authorize(*v.Actor, handlers.Act{Kind: handlers.Command, Name: command, Applicant: v.Actor.Account})
}

// known returns who looks; nobody is asked to sign in first.
func (v *visit) known() (domain.Actor, error) {
	if v.Actor == nil {
		return domain.Actor{}, handlers.ErrUnauthenticated
	}
	return *v.Actor, v.stranger
}
