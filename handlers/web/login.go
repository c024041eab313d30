package web

import (
	"net/http"
	"strings"

	"dossier/handlers"
)

type loginPage struct {
	Next     string
	Accounts []loginAccount
}

type loginAccount struct{ Account, Words, Unit string }

// login lets one choose a demo account. It exists in development only.
func (s *site) login(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := loginPage{Next: ours(r.URL.Query().Get("next"))}
	for _, a := range s.Dev.Accounts() {
		p.Accounts = append(p.Accounts, loginAccount{a.Account, Words{a.VI, a.EN}.In(v.lang), a.Unit})
	}
	v.Roomy = true
	return s.render(w, r, v, http.StatusOK, "login", Words{"Đăng nhập thử", "Demo sign-in"}.In(v.lang), p)
}

func (s *site) enter(w http.ResponseWriter, r *http.Request, v *visit) error {
	account, ok := s.Dev.Account(r.PostFormValue("account"))
	if !ok {
		return handlers.ErrUnauthenticated
	}
	http.SetCookie(w, sessionCookie(r, account.Account, 0))
	next := ours(r.PostFormValue("next"))
	if next == "/" {
		next = "/dossiers"
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

func (s *site) leave(w http.ResponseWriter, r *http.Request, v *visit) error {
	http.SetCookie(w, sessionCookie(r, "", -1))
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

func sessionCookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: handlers.LoginCookie, Value: value, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil}
}

// ours keeps a place to go to after signing in within this site: a full or scheme-relative address leads to the front page.
func ours(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
