package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/domain/person"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/handlers/localissuer"
	"dossier/handlers/yamltext"
)

// relation is how somebody stands to the dossier or batch that a page is about.
type relation string

const (
	anonymous  relation = "anonymous"
	own        relation = "own"
	mandated   relation = "mandated"
	stranger   relation = "another's"
	sameUnit   relation = "same unit"
	otherUnit  relation = "other unit"
	otherHouse relation = "other agency"
	machine    relation = "the machine"
)

type caller struct {
	domain.Actor
	relation
}

// callers are all roles in all relations that they can have.
func callers() []caller {
	all := []caller{
		{relation: anonymous},
		{domain.Actor{Account: "applicant-1", Role: domain.Applicant}, own}, {domain.Actor{Account: "applicant-2", Role: domain.Applicant}, stranger},
		{domain.Actor{Account: "applicant-3", Role: domain.Applicant}, mandated}, {domain.Actor{Account: "machine", Role: domain.System}, machine},
	}
	for _, role := range domain.Roles() {
		if role == domain.Applicant || role == domain.System {
			continue
		}
		for _, place := range []struct {
			name, unit string
			relation
		}{{"same", handlers.UnitOneStop, sameUnit}, {"unit", "registry", otherUnit}, {"far", "lam-dong-one-stop", otherHouse}} {
			all = append(all, caller{domain.Actor{Account: strings.ReplaceAll(string(role), "_", "-") + "-" + place.name, Role: role, Unit: place.unit}, place.relation})
		}
	}
	return all
}

// believing is a login that believes whom it is told.
type believing map[string]domain.Actor

func (b believing) Authenticate(r *http.Request) (domain.Actor, error) {
	a, known := b[r.Header.Get("X-Test-Account")]
	if !known {
		return a, handlers.ErrUnauthenticated
	}
	return a, nil
}

// answer is what a page did.
type answer string

const (
	in      answer = "came in"         // whatever a rule said then
	signIn  answer = "sign in first"   // led to the log-in, or told so
	refused answer = "refused"         // 403
	hidden  answer = "no such dossier" // 404
)

// expected is what the table says.
func expected(r handlers.Right, c caller) answer {
	switch {
	case strings.HasPrefix(r.Name, "POST /account/"): // of a session, and none of these has one
		return signIn
	case r.Name == "GET /account" && c.relation == anonymous:
		return signIn
	case r.Free == handlers.Everybody, r.Free == handlers.Entrance:
		return in
	case c.relation == anonymous:
		return signIn
	case r.About == handlers.OneDossier && c.relation == otherHouse && handlers.May(c.Actor, handlers.Act{Kind: handlers.Read}) == nil && strings.HasPrefix(r.Name, "POST "):
		return hidden // before the role is asked for what is sent
	case !slices.Contains(r.Roles, c.Role):
		return refused
	case r.About == handlers.OneDossier && c.relation == stranger, r.Name == "POST /dossiers/new" && c.relation == stranger:
		return refused
	case (r.About == handlers.OneDossier || r.About == handlers.OneBatch) && c.relation == otherHouse:
		return hidden
	}
	return in
}

// crowd is the pages with everybody in them and something behind every door.
type crowd struct {
	*stack
	callers  []caller
	patterns []string
	sessions *identity.Sessions
	issuer   *localissuer.Server
	url      string
	batch    string
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	w := &crowd{stack: newStack(t), callers: callers()}
	w.sessions = identity.NewSessions(w.db.App, w.executor, identity.SessionOptions{Plain: true})
	data, mistakes := yamltext.JSON(organisation.Shipped())
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	var plan map[string]any
	if err := json.Unmarshal(data, &plan); err != nil {
		t.Fatal(err)
	}
	login := believing{}
	for _, c := range w.callers[1:] {
		login[c.Account] = c.Actor
		if c.Unit != "" {
			plan["accounts"] = append(plan["accounts"].([]any), map[string]any{"account": c.Account, "from": "2025-08-01", "title_vi": c.Account, "title_en": c.Account,
				"posts": []any{map[string]any{"role": c.Role, "unit": c.Unit}}})
		}
	}
	data, _ = json.Marshal(plan)
	if _, err := w.executor.ApplyOrganisation(t.Context(), w.actor("admin"), data, handlers.Envelope{Key: "crowd"}); err != nil {
		t.Fatal(err)
	}
	persons, reception := handlers.NewPersons(w.executor, w.views), handlers.Accessor{Actor: w.actor("reception")}
	if _, err := persons.Register(t.Context(), reception, "applicant-1", person.Citizen, vault.Person{Name: "Đỗ Thị Nghĩa", IDNumber: "001099000001"}, handlers.Envelope{Key: "person"}); err != nil {
		t.Fatal(err)
	}
	if _, err := persons.Grant(t.Context(), handlers.Accessor{Actor: w.callers[1].Actor}, "applicant-1", person.MandateGranted{To: "applicant-3"}, handlers.Envelope{Key: "mandate"}); err != nil {
		t.Fatal(err)
	}
	issuer, err := localissuer.Start(localissuer.Options{ClientID: "dossier", ClientSecret: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	w.issuer = issuer
	bulk := handlers.NewBulk(w.executor, w.views, handlers.BulkOptions{})
	d := Deps{Executor: w.executor, Views: w.views, Bulk: bulk, Files: w.files, Journal: w.journal, Auth: identity.Any{w.sessions, login, w.dev}, Dev: w.dev, Log: logTo(t), Sessions: w.sessions, Checks: handlers.NewLimiter(1<<20, nil),
		SignIn: identity.NewLogin(w.sessions, w.vault, identity.NewLockout(nil), identity.LoginOptions{Issuer: issuer.URL(), ClientID: "dossier", ClientSecret: "secret", PublicURL: "https://dossier.example"})}
	w.patterns = (&site{Deps: d.withDefaults(), assets: loadAssets()}).routes().Patterns()
	server := httptest.NewServer(New(d))
	w.url = server.URL
	t.Cleanup(func() { server.Close(); issuer.Close() })
	b, err := bulk.Plan(t.Context(), w.actor("reception"), handlers.BulkPlan{Command: "accept", IDs: []string{w.filed()}}, handlers.Envelope{Key: "batch"})
	if err != nil {
		t.Fatal(err)
	}
	w.batch = b.ID.String()
	return w
}

// filed is a new dossier of the first applicant at the ministry's one-stop unit, as a page addresses it.
func (w *crowd) filed() string { return w.submit("vet-practice-cert-renew", "applicant-1").ID.String() }

// command is one with a form that somebody may do, of these if there is one.
func command(c caller, of []string) string {
	for _, name := range of {
		if shapes[name] != nil && name != submitCommand && handlers.May(c.Actor, handlers.Act{Kind: handlers.Command, Name: name}) == nil {
			return name
		}
	}
	return "accept"
}

// request is one that the page understands.
func (w *crowd) request(r handlers.Right, id string, c caller) (method, path string, form url.Values) {
	method, path, spaced := strings.Cut(r.Name, " ")
	if !spaced {
		method, path = http.MethodGet, "/no-such-page"
	}
	if r.About == handlers.OneBatch {
		id = w.batch
	}
	path = strings.NewReplacer("{id}", id, "{command}", command(c, dossier.CommandNames()), "{name}", "app.css", "{number}", "000.00.00.H00-261126-0001-KQ1", "{$}", "").Replace(path)
	form = url.Values{"key": {uuid.NewString()}, "version": {"1"}}
	switch r.Name {
	case "POST /dossiers/new":
		form.Set("procedure", "vet-practice-cert-renew")
		form.Set("channel", "counter")
		form.Set("applicant", "applicant-1")
		form.Set("unit", handlers.UnitOneStop)
	case "GET /bulk/new", "POST /bulk/new":
		form.Set("command", command(c, handlers.BulkCommands()))
		form.Set("id", id)
		if method == http.MethodGet {
			path += "?" + form.Encode()
		}
	case "POST /bulk/{id}/undo":
		form.Set("reason", "wrong_content")
	case "GET /dossiers/{id}/words":
		path += "?purpose=look"
	case "POST /login":
		form.Set("account", "reception")
	}
	return method, path, form
}

// ask is one cell.
func (w *crowd) ask(r handlers.Right, id string, c caller) (answer, string) {
	w.t.Helper()
	method, path, form := w.request(r, id, c)
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	body, kind := io.Reader(nil), ""
	if method == http.MethodPost {
		body, kind = strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"
	}
	if r.Name == uploadRoute {
		b := &bytes.Buffer{}
		m := multipart.NewWriter(b)
		_ = m.WriteField("key", form.Get("key"))
		_ = m.WriteField("component", "tp-1")
		f, _ := m.CreateFormFile("file", "a.pdf")
		_, _ = io.WriteString(f, "%PDF-1.4 nothing more")
		_ = m.Close()
		body, kind = b, m.FormDataContentType()
	}
	q, err := http.NewRequestWithContext(ctx, method, w.url+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if q.Header.Set("X-Test-Account", c.Account); kind != "" {
		q.Header.Set("Content-Type", kind)
	}
	got, err := http.DefaultTransport.RoundTrip(q) // follows nothing, keeps nothing
	if err != nil {
		w.t.Fatal(err)
	}
	defer got.Body.Close()
	var said []byte
	if got.Header.Get("Content-Type") != "text/event-stream" { // which stays open
		said, _ = io.ReadAll(got.Body)
	}
	to := got.Header.Get("Location")
	told := fmt.Sprintf("%s %s: %d %s %s", method, path, got.StatusCode, to, said)
	switch {
	case got.StatusCode >= 500:
		w.t.Errorf("%s as %s: %s", r.Name, c.Account, told)
	case got.StatusCode == http.StatusUnauthorized, strings.HasPrefix(to, "/login?next="):
		return signIn, told
	case got.StatusCode == http.StatusForbidden:
		return refused, told
	case got.StatusCode == http.StatusNotFound && r.Free == "":
		return hidden, told
	}
	return in, told
}

func TestTheMatrixOfPagesHoldsOnTheRealServer(t *testing.T) {
	if os.Getenv("DOSSIER_TEST_LONG") == "" {
		t.Skip("takes long: make test-long")
	}
	t.Parallel()
	w := newCrowd(t)
	table := map[string]handlers.Right{}
	for _, r := range handlers.Rights(handlers.Web) {
		table[r.Name] = r
	}
	type cell struct {
		page string
		caller
	}
	saw, sums, untested := map[cell]answer{}, map[answer]int{}, 0
	for _, pattern := range w.patterns {
		r, known := table[pattern]
		if !known {
			t.Errorf("%s is in no table of rights", pattern)
			continue
		}
		id := w.filed()
		before, err := w.journal.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, first := range []bool{true, false} { // those who must not come in, after whom nothing may have changed, before the others
			for _, c := range w.callers {
				want := expected(r, c)
				if (want == in) == first {
					continue
				}
				got, told := w.ask(r, id, c)
				if saw[cell{pattern, c}] = got; got != want {
					t.Errorf("%s as %s (%s): %s, the table says %s: %.120s", pattern, c.Role, c.relation, got, want, told)
				}
			}
			if after, err := w.journal.Head(t.Context()); first && (err != nil || after != before) {
				t.Errorf("%s: who was refused left %d events, %v", pattern, after-before, err)
			}
		}
	}
	for _, pattern := range w.patterns {
		for _, c := range w.callers {
			got, tested := saw[cell{pattern, c}]
			if sums[got]++; !tested {
				untested++
			}
		}
	}
	if untested > 0 || len(table) != len(w.patterns) {
		t.Errorf("%d cells were not tested; %d pages, %d rules", untested, len(w.patterns), len(table))
	}
	t.Logf("%d pages × %d callers (%d roles in their relations, and nobody) = %d cells, untested %d: %v", len(w.patterns), len(w.callers), len(domain.Roles()), len(saw), untested, sums)
}
