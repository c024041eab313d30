package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/identity"
)

type loginPage struct {
	Next     string
	Go       string // where signing in by the issuer begins; "" without one
	Accounts []loginAccount
}

type loginAccount struct{ Account, Words, Unit string }

// door says whether somebody can sign in at all.
func (s *site) door() bool { return s.Dev != nil || s.SignIn != nil }

// login offers the issuer, and in development a demo account.
func (s *site) login(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := loginPage{Next: ours(r.URL.Query().Get("next"))}
	if s.SignIn != nil {
		p.Go = "/login/go?" + url.Values{"next": {p.Next}}.Encode()
	}
	if s.Dev != nil {
		for _, a := range s.Dev.Accounts() {
			p.Accounts = append(p.Accounts, loginAccount{a.Account, Words{a.VI, a.EN}.In(v.lang), a.Unit})
		}
	}
	v.Roomy = true
	return s.render(w, r, v, http.StatusOK, "login", Words{"Đăng nhập", "Sign in"}.In(v.lang), p)
}

// begin sends the browser to the issuer. It is a link, for the page's policy lets no form lead elsewhere.
func (s *site) begin(w http.ResponseWriter, r *http.Request, v *visit) error {
	v.URL = &url.URL{Path: "/login"} // of the page that says what went wrong
	return s.SignIn.Begin(w, r, ours(r.URL.Query().Get("next")))
}

// finish is where the issuer sends back to.
func (s *site) finish(w http.ResponseWriter, r *http.Request, v *visit) error {
	v.URL = &url.URL{Path: "/login"} // no link of a page repeats the code
	next, err := s.SignIn.Finish(w, r)
	if err != nil {
		var f *handlers.Failure
		if errors.As(err, &f) {
			s.Log.WarnContext(r.Context(), "log-in refused", "code", f.Code, "why", f.Err)
		}
		return err
	}
	http.SetCookie(w, devCookie(r, "", -1))
	s.into(w, r, next)
	return nil
}

// enter takes a demo account at its word.
func (s *site) enter(w http.ResponseWriter, r *http.Request, _ *visit) error {
	account, ok := s.Dev.Account(r.PostFormValue("account"))
	if !ok {
		return handlers.ErrUnauthenticated
	}
	if err := s.signOut(w, r); err != nil {
		return err
	}
	http.SetCookie(w, devCookie(r, account.Account, 0))
	s.into(w, r, r.PostFormValue("next"))
	return nil
}

// into leads to the page that somebody signed in for.
func (s *site) into(w http.ResponseWriter, r *http.Request, next string) {
	if next = ours(next); next == "/" {
		next = "/dossiers"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (s *site) leave(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if err := s.signOut(w, r); err != nil {
		return err
	}
	if s.Dev != nil {
		http.SetCookie(w, devCookie(r, "", -1))
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

// signOut ends the session of the issuer, if there is one.
func (s *site) signOut(w http.ResponseWriter, r *http.Request) error {
	if s.Sessions == nil {
		return nil
	}
	return s.Sessions.Close(w, r)
}

type accountPage struct {
	identity.Session
	Posts []domain.Actor // the others
	Known bool           // by the issuer; a demo account has no session
}

// account shows who looks who that is here, and its other posts.
func (s *site) account(w http.ResponseWriter, r *http.Request, v *visit) error {
	if v.Actor == nil {
		return handlers.ErrUnauthenticated
	}
	p := accountPage{Session: identity.Session{As: *v.Actor}}
	here, err := s.Sessions.Of(r)
	switch {
	case err == nil:
		p.Session, p.Known = here, true
	case !errors.Is(err, handlers.ErrUnauthenticated):
		return err
	}
	if p.Known {
		if p.Posts, err = s.SignIn.Posts(r.Context(), *v.Actor); err != nil {
			return err
		}
		p.Posts = slices.DeleteFunc(p.Posts, func(a domain.Actor) bool { return a == *v.Actor })
	}
	v.Roomy = true
	return s.render(w, r, v, http.StatusOK, "account", Words{"Tài khoản", "Account"}.In(v.lang), p)
}

func (s *site) takePost(w http.ResponseWriter, r *http.Request, _ *visit) error {
	role, unit, _ := strings.Cut(r.PostFormValue("post"), "/")
	if err := s.Sessions.Take(r, domain.Role(role), unit); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

func (s *site) leaveOthers(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if err := s.Sessions.CloseOthers(r); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// devCookie carries the word of a demo account.
func devCookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: handlers.LoginCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil}
}

// ours keeps a place to go to after signing in within this site: a full or scheme-relative address leads to the front page.
func ours(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsFunc(next, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return "/"
	}
	return next
}
