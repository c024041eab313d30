package identity_test

import (
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/organisation"
	"dossier/eventstore"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/identity"
	"dossier/handlers/localissuer"
	"dossier/handlers/web"
	"dossier/migrations/dbtest"
	"dossier/projections"
)

// house is the pages and the API behind an issuer, over a real Postgres.
type house struct {
	t        *testing.T
	url      string
	db       *dbtest.DB
	issuer   *localissuer.Server
	executor *handlers.Executor
	sessions *identity.Sessions
	login    *identity.Login
	lockout  *identity.Lockout
	log      *lines

	mu    sync.Mutex
	ahead time.Duration // of the sessions' clock
}

type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.ahead)
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ahead += d
}

var (
	admin   = domain.Actor{Account: "admin", Role: domain.SystemAdmin, Unit: handlers.UnitIT}
	auditor = domain.Actor{Account: "auditor", Role: domain.Auditor, Unit: handlers.UnitInspectorate}
)

func newHouse(t *testing.T, issuer localissuer.Options, options ...func(*identity.LoginOptions)) *house {
	t.Helper()
	h := &house{t: t, db: dbtest.New(t), log: &lines{}}
	j, err := eventstore.Open(t.Context(), h.db.App, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	access, err := eventstore.Open(t.Context(), h.db.App, eventstore.Options{Access: true})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := vault.Open(t.Context(), h.db.App, base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")), nil)
	if err != nil {
		t.Fatal(err)
	}
	h.executor = handlers.NewExecutor(j, handlers.ExecutorOptions{CommandKey: []byte("test"), Vault: kept, Access: handlers.NewAccessLog(access, handlers.AccessOptions{})})
	if _, err := h.executor.ApplyOrganisation(t.Context(), admin, organisation.Shipped(), handlers.Envelope{Key: "shipped"}); err != nil {
		t.Fatal(err)
	}
	issuer.ClientID, issuer.ClientSecret = "dossier", "a secret of the client"
	if h.issuer, err = localissuer.Start(issuer); err != nil {
		t.Fatal(err)
	}
	o := identity.LoginOptions{Issuer: h.issuer.URL(), ClientID: "dossier", ClientSecret: issuer.ClientSecret, AccountClaim: "dossier_account", LevelClaim: "acr", KindClaim: "account_kind", Applicants: true}
	for _, set := range options {
		set(&o)
	}
	h.lockout = identity.NewLockout(nil)
	h.sessions = identity.NewSessions(h.db.App, h.executor, identity.SessionOptions{Plain: true, Now: h.now})
	h.login = identity.NewLogin(h.sessions, kept, h.lockout, o)
	keys := identity.NewKeys(h.db.App, h.executor, h.lockout)
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	views := projections.NewViews(h.db.App, j)
	mux := http.NewServeMux()
	service := api.New(api.Deps{Executor: h.executor, Views: views, Journal: j, Pool: h.db.App, Auth: identity.Any{keys, h.sessions}, Keys: keys, Sessions: h.sessions, SignIn: h.login, Lockout: h.lockout, Log: log})
	for _, prefix := range api.Prefixes {
		mux.Handle(prefix, service)
	}
	mux.Handle("/", web.New(web.Deps{Executor: h.executor, Views: views, Journal: j, Auth: h.sessions, SignIn: h.login, Sessions: h.sessions, Log: log}))
	server := httptest.NewServer(mux)
	h.url = server.URL
	t.Cleanup(func() {
		server.Close()
		h.issuer.Close()
		j.Close()
		access.Close()
	})
	return h
}

// staff is an officer as the issuer knows it.
func staff(account string) localissuer.Who {
	return localissuer.Who{Subject: "sub-of-" + account, Claims: map[string]any{"dossier_account": account, "acr": "2"}}
}

// browser is somebody's, with its cookies. It follows no redirect by itself.
type browser struct {
	*http.Client
	h *house
}

func (h *house) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return &browser{&http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, h}
}

// page is an answer, read whole.
type page struct {
	*http.Response
	body string
}

func (b *browser) do(method, address string, form url.Values, headers ...string) page {
	b.h.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.h.url + address
	}
	r, err := http.NewRequestWithContext(b.h.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.h.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := b.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return page{answer, string(body)}
}

func (b *browser) get(address string, headers ...string) page {
	b.h.t.Helper()
	return b.do(http.MethodGet, address, nil, headers...)
}

// asked goes to the issuer, gives it a one-time log-in and returns where it sends back to.
func (b *browser) asked(who localissuer.Who, next string) (callback string) {
	b.h.t.Helper()
	to := b.get("/login/go?next=" + url.QueryEscape(next))
	at, err := url.Parse(to.Header.Get("Location"))
	if err != nil || to.StatusCode != http.StatusSeeOther || !strings.HasPrefix(at.String(), b.h.issuer.URL()+"/authorize?") {
		b.h.t.Fatalf("begin: %d %s %v\n%s", to.StatusCode, at, err, to.body)
	}
	if form := b.get(at.String()); form.StatusCode != 200 {
		b.h.t.Fatalf("the issuer's page: %d %s", form.StatusCode, form.body)
	}
	q := at.Query()
	q.Set("login", b.h.issuer.OneTime(who))
	back := b.do(http.MethodPost, b.h.issuer.URL()+"/authorize", q)
	if back.StatusCode != http.StatusSeeOther {
		b.h.t.Fatalf("the issuer: %d %s", back.StatusCode, back.body)
	}
	return back.Header.Get("Location")
}

// signIn goes the whole way and returns the last answer.
func (b *browser) signIn(who localissuer.Who) page {
	b.h.t.Helper()
	return b.get(b.asked(who, "/account"))
}

// cookie is what opens the session.
func (b *browser) cookie() string {
	u, _ := url.Parse(b.h.url)
	for _, c := range b.Jar.Cookies(u) {
		if c.Name == "dossier_session" {
			return c.Value
		}
	}
	return ""
}

// is fails the test when the status is another.
func (p page) is(t *testing.T, status int) page {
	t.Helper()
	if p.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d\n%s", p.Request.Method, p.Request.URL, p.StatusCode, status, p.body)
	}
	return p
}
