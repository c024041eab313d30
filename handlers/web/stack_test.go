package web

import (
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/eventstore/blobs"
	"dossier/eventstore/relay"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/inspect"
	"dossier/internal/devstack"
	"dossier/migrations/dbtest"
	"dossier/projections"
)

// stack is the way of data from a command to a page, whole: Postgres, journal, relay, Kafka, projections, pages.
type stack struct {
	t        testing.TB
	executor *handlers.Executor
	views    *projections.Views
	journal  *eventstore.Journal
	access   *handlers.AccessLog
	files    *handlers.Files
	site     *httptest.Server
	dev      *handlers.DevLogin
	db       *dbtest.DB
	vault    *vault.Vault
	stop     func() // tells open lists that the process begins to stop
}

func newStack(t testing.TB, with ...func(*handlers.ExecutorOptions)) *stack {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	db := dbtest.New(t)
	journal, err := eventstore.Open(ctx, db.App, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	access, err := eventstore.Open(ctx, db.App, eventstore.Options{Access: true})
	if err != nil {
		t.Fatal(err)
	}
	log := handlers.NewAccessLog(access, handlers.AccessOptions{})
	kept, err := vault.Open(ctx, db.App, base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")), nil)
	if err != nil {
		t.Fatal(err)
	}
	brokers := devstack.TestKafka(t)
	topic := "t" + uuid.NewString()
	engine := projections.NewEngine(db.App, journal, projections.Options{Brokers: brokers, Topic: topic, Group: topic})
	publisher := relay.New(db.App, journal, relay.Options{Brokers: brokers, Topic: topic, Holder: "test"})
	done := make(chan struct{}, 2)
	for _, run := range []func(context.Context) error{engine.Run, publisher.Run} {
		go func() { _ = run(ctx); done <- struct{}{} }()
	}
	folder, err := blobs.OpenStore(ctx, "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	scanner, err := inspect.NewScanner(devstack.TestNoVirus(t))
	if err != nil {
		t.Fatal(err)
	}
	store := blobs.NewFiles(db.App, folder, kept)
	o := handlers.ExecutorOptions{CommandKey: []byte("test"), Vault: kept, Access: log, Files: store}
	for _, set := range with {
		set(&o)
	}
	s := &stack{
		t: t, db: db, vault: kept, journal: journal, access: log, executor: handlers.NewExecutor(journal, o),
		views: projections.NewViews(db.App, journal).Follow(engine), dev: handlers.NewDevLogin(),
	}
	s.files = handlers.NewFiles(s.executor, handlers.FilesOptions{Store: store, Scanner: scanner, Most: 4 << 20})
	closing := make(chan struct{})
	s.stop = sync.OnceFunc(func() { close(closing) })
	s.site = httptest.NewServer(New(Deps{Executor: s.executor, Views: s.views, Files: s.files, Journal: journal, Auth: s.dev, Dev: s.dev, Log: logTo(t), Closing: closing}))
	t.Cleanup(func() {
		s.stop()
		s.site.Close()
		cancel()
		<-done
		<-done
		journal.Close()
		access.Close()
	})
	return s
}

func logTo(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

// actor is a demo account.
func (s *stack) actor(account string) domain.Actor {
	s.t.Helper()
	a, ok := s.dev.Account(account)
	if !ok {
		s.t.Fatalf("no demo account %s", account)
	}
	return a.Actor()
}

// submit files a dossier at the counter.
func (s *stack) submit(procedure, applicant string) handlers.Receipt {
	s.t.Helper()
	r, err := s.executor.Submit(s.t.Context(), s.actor("reception"), handlers.Envelope{Key: uuid.NewString()},
		dossier.SubmitDossier{Procedure: dossier.Code(procedure), Channel: dossier.Counter, Applicant: dossier.Ref(applicant), Unit: handlers.UnitOneStop})
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// do sends a command for the version the dossier is at.
func (s *stack) do(account string, r handlers.Receipt, c dossier.Command) handlers.Receipt {
	s.t.Helper()
	r, err := s.executor.Do(s.t.Context(), s.actor(account), r.ID, handlers.Envelope{Key: uuid.NewString(), Expected: &r.Version}, c)
	if err != nil {
		s.t.Fatalf("%s: %v", c.Name(), err)
	}
	return r
}

// seen waits until the lists show everything up to a receipt.
func (s *stack) seen(r handlers.Receipt) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	if err := s.views.Wait(ctx, r.Position, nil); err != nil {
		s.t.Fatalf("wait for the views: %v", err)
	}
}

// steps of a dossier's way, each from where the one before leaves it.
func (s *stack) way(r handlers.Receipt, upTo dossier.Status) handlers.Receipt {
	for _, step := range []struct {
		to dossier.Status
		do func()
	}{
		{dossier.Accepted, func() { r = s.do("reception", r, dossier.AcceptDossier{}) }},
		{dossier.Forwarded, func() { r = s.do("reception", r, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth}) }},
		{dossier.Assigned, func() { r = s.do("head", r, dossier.AssignOfficer{Officer: "officer-1"}) }},
		{dossier.Appraising, func() { r = s.do("officer-1", r, dossier.StartAppraisal{}) }},
		{dossier.PendingApproval, func() { r = s.do("officer-1", r, dossier.SubmitForApproval{Proposal: dossier.Grant}) }},
		{dossier.Approved, func() { r = s.do("approver", r, dossier.Approve{Outcome: dossier.Grant}) }},
		{dossier.Resolved, func() {
			r = s.do("approver", r, dossier.SignResult{})
			r = s.do("clerk", r, dossier.NumberResult{})
			r = s.do("clerk", r, dossier.IssueResult{})
		}},
		{dossier.Returned, func() { r = s.do("return", r, dossier.ReturnResult{Way: dossier.Counter, To: "owner"}) }},
	} {
		if r.Status == upTo {
			break
		}
		step.do()
	}
	return r
}

// reader is somebody with a browser that has no script.
type reader struct {
	s    *stack
	http *http.Client
}

func (s *stack) as(account string) *reader {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r := &reader{s: s, http: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
	if account != "" {
		if p := r.post("/login", url.Values{"account": {account}, "next": {"/procedures"}}); p.status != http.StatusOK {
			s.t.Fatalf("sign in as %s: %d", account, p.status)
		}
	}
	return r
}

// page is an answer as a test looks at it.
type page struct {
	status int
	url    *url.URL
	header http.Header
	html   string
}

func (r *reader) get(path string) page {
	r.s.t.Helper()
	answer, err := r.http.Get(r.s.site.URL + path)
	return r.read(answer, err)
}

func (r *reader) post(path string, form url.Values) page {
	r.s.t.Helper()
	answer, err := r.http.PostForm(r.s.site.URL+path, form)
	return r.read(answer, err)
}

func (r *reader) read(answer *http.Response, err error) page {
	r.s.t.Helper()
	if err != nil {
		r.s.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.s.t.Fatal(err)
	}
	return page{answer.StatusCode, answer.Request.URL, answer.Header, string(body)}
}

// says fails unless the page holds each text; no-break spaces count as spaces.
func (p page) says(t testing.TB, texts ...string) {
	t.Helper()
	plain := strings.ReplaceAll(strings.ReplaceAll(p.html, nb, " "), "&nbsp;", " ")
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			t.Errorf("%s does not say %q", p.url.Path, text)
			if os.Getenv("DOSSIER_TEST_SHOW") != "" {
				t.Log(plain)
			}
		}
	}
}

// work does what the batch of a page has to do, as the reactor would.
func (s *stack) work(path string) {
	s.t.Helper()
	id, err := uuid.Parse(strings.TrimPrefix(path, "/bulk/"))
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := handlers.NewBulk(s.executor, s.views, handlers.BulkOptions{}).Work(s.t.Context(), id, nil); err != nil {
		s.t.Fatal(err)
	}
}
