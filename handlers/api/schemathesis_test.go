package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/api"
)

// A witness stands before the server, lets one request through at a time, and sees what each one changed.
type witness struct {
	s     *stage
	next  http.Handler
	mu    sync.Mutex
	cases int
	good  map[string]int // answers 2xx by route
	fives map[string]int
	wrong []string // changed something and should not have
}

// answered notes the status of an answer.
type answered struct {
	http.ResponseWriter
	status int
}

func (a *answered) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	route := api.RouteOf(w.next, r)
	if route == "GET /v1/events/stream" { // stays open while others ask
		a := &answered{ResponseWriter: out}
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.cases++; a.status < http.StatusMultipleChoices {
				w.good[route]++
			}
		}()
		w.next.ServeHTTP(a, r)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if q := r.URL.Query(); len(q["wait"]) == 1 && len(q.Get("wait")) < 3 && q.Get("wait") > "1" { // nobody waits half a minute for an event that does not come
		if n, err := strconv.Atoi(q.Get("wait")); err == nil && n <= 30 {
			q.Set("wait", "1")
			r.URL.RawQuery = q.Encode()
		}
	}
	before := w.s.state()
	a := &answered{ResponseWriter: out}
	w.next.ServeHTTP(a, r)
	w.cases++
	switch {
	case a.status < http.StatusMultipleChoices:
		w.good[route]++
	case a.status >= http.StatusInternalServerError:
		w.fives[route]++
	}
	if a.status < http.StatusMultipleChoices && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return
	}
	after := w.s.state()
	if r.Method == http.MethodPatch { // bytes that came are judged, and the file says so; the journal has nothing of it
		before, _, _ = strings.Cut(before, " ")
		after, _, _ = strings.Cut(after, " ")
	}
	if after != before {
		w.wrong = append(w.wrong, fmt.Sprintf("%s %s answered %d, and the state went from %s to %s", r.Method, r.URL.Path, a.status, before, after))
	}
}

// state is all that a request could change: the journal, the vault, files, keys, sessions, links to subjects. What is noted of refusals and
// readings is no state.
func (h *house) state() (sum string) {
	err := h.pool.QueryRow(h.t.Context(), `
		select concat_ws(' ',
		         (select max(position) from journal.events),
		         (select count(*) from vault.persons),
		         (select count(*) from vault.keys),
		         (select count(*) from vault.texts),
		         (select count(*) from vault.erasures),
		         (select concat(count(*), ':', sum(hashtext(f::text))) from vault.files f),
		         (select count(*) from identity.keys),
		         (select count(*) from identity.revoked_keys),
		         (select concat(count(*), ':', sum(hashtext(j::text))) from identity.subjects j),
		         (select count(*) from identity.sessions),
		         (select count(*) from journal.money_days))`).Scan(&sum)
	if err != nil {
		sum = err.Error()
	}
	return sum
}

// document is the API's own, with a role's requests as its examples.
func (s *stage) document(found map[string]example) string {
	s.t.Helper()
	var doc map[string]any
	s.get("", "/openapi.json").is(http.StatusOK).into(&doc)
	for path, item := range doc["paths"].(map[string]any) {
		for method, o := range item.(map[string]any) {
			op := o.(map[string]any)
			x := found[strings.ToUpper(method)+" "+path]
			// An answer nobody was told of is to be found; a key that came with another body is refused on purpose, and random ones meet each other.
			delete(op["responses"].(map[string]any), "default")
			parameters, _ := op["parameters"].([]any)
			if parameters == nil {
				parameters = []any{}
			}
			parameters = slices.DeleteFunc(parameters, func(p any) bool { return p.(map[string]any)["name"] == "Idempotency-Key" })
			op["parameters"] = parameters
			for _, p := range parameters {
				p := p.(map[string]any)
				delete(p, "example")
				for _, from := range []map[string]string{x.path, x.query, x.headers} {
					if value, told := from[p["name"].(string)]; told {
						p["example"] = value
						if schema, _ := p["schema"].(map[string]any); schema["type"] == "integer" {
							p["example"], _ = strconv.Atoi(value)
						}
					}
				}
			}
			if body, has := op["requestBody"].(map[string]any); has && x.body != "" {
				for _, media := range body["content"].(map[string]any) {
					var value any = x.body
					if x.media == "" {
						if err := json.Unmarshal([]byte(x.body), &value); err != nil {
							s.t.Fatalf("%s %s: %v in %s", method, path, err, x.body)
						}
					}
					media.(map[string]any)["example"] = value
				}
			}
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.t.TempDir(), "openapi.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return file
}

// operations are those of the document, as the mux names them.
func (s *stage) operations() (all []string) {
	s.t.Helper()
	var doc struct{ Paths map[string]map[string]any }
	s.get("", "/openapi.json").is(http.StatusOK).into(&doc)
	for path, item := range doc.Paths {
		for method := range item {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(all)
	return all
}

// verdict is what schemathesis found as one role.
type verdict struct {
	role     domain.Role
	entered  int // operations that the role may come in at
	good     map[string]int
	cases    int
	fives    map[string]int
	wrong    []string
	took     time.Duration
	Failures []struct {
		Type, Title string
		Count       int
		Operations  []string
	}
	Errors []struct {
		Title string
		Count int
	}
	Operations struct{ Total, Tested int }
	TestCases  struct{ Generated int } `json:"test_cases"`
}

// examined lets schemathesis ask as a role: what the role may come in at by examples, value by value and at random, and what it may not a few times.
func (s *stage) examined(program string, c caller) (v verdict) {
	s.t.Helper()
	rights := entering(c.Role)
	found := s.set(c, append(rights, open()...))
	w := &witness{s: s, next: s.service, good: map[string]int{}, fives: map[string]int{}}
	server := httptest.NewServer(w)
	defer server.Close()
	dir := s.t.TempDir()
	if kept := os.Getenv("DOSSIER_SCHEMATHESIS_REPORTS"); kept != "" {
		dir = filepath.Join(kept, string(c.Role))
	}
	settings, err := os.ReadFile("testdata/schemathesis.toml")
	if err != nil {
		s.t.Fatal(err)
	}
	var shut []string
	for _, op := range s.operations() {
		if _, is := found[op]; !is {
			shut = append(shut, strconv.Quote(op))
		}
	}
	settings = append(settings, "\n[[operations]]\ninclude-name = ["+strings.Join(shut, ", ")+"]\nphases.coverage.enabled = false\ngeneration.max-examples = 1\n"...)
	hooks, err := filepath.Abs("testdata/schemathesis.py")
	if err != nil {
		s.t.Fatal(err)
	}
	settings = append([]byte("hooks = "+strconv.Quote(hooks)+"\n"), settings...)
	file := filepath.Join(s.t.TempDir(), "schemathesis.toml")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		s.t.Fatal(err)
	}
	report := filepath.Join(dir, "report.json")
	began := time.Now()
	st := exec.CommandContext(s.t.Context(), program, "--config-file", file, "run", s.document(found), "--url", server.URL, "-H", "Authorization: Bearer dev:"+c.Account,
		"--report", "json,ndjson", "--report-json-path", report, "--report-ndjson-path", filepath.Join(dir, "report.ndjson"), "--no-color")
	st.Dir = s.t.TempDir()
	said, err := st.CombinedOutput()
	if os.Getenv("DOSSIER_SCHEMATHESIS_REPORTS") != "" {
		_ = os.WriteFile(filepath.Join(dir, "said.txt"), said, 0o600)
	}
	b, failed := os.ReadFile(report)
	if failed != nil || json.Unmarshal(b, &v) != nil {
		s.t.Fatalf("schemathesis made no report: %v\n%s", err, said)
	}
	if len(v.Failures)+len(v.Errors) > 0 {
		s.t.Errorf("as %s:\n%s", c.Role, cut(string(said), 12_000))
	}
	v.role, v.entered, v.good, v.cases, v.fives, v.wrong, v.took = c.Role, len(rights), w.good, w.cases, w.fives, w.wrong, time.Since(began)
	return v
}

func cut(text string, most int) string {
	if at := strings.Index(text, "= FAILURES ="); at >= 0 {
		text = text[at:]
	}
	if len(text) > most {
		text = text[:most] + "\n…"
	}
	return text
}

// open are the routes for everybody.
func open() (list []handlers.Right) {
	for _, r := range handlers.Rights(handlers.API) {
		if r.Free == handlers.Everybody {
			list = append(list, r)
		}
	}
	return list
}

// entering are the routes that a role may come in at.
func entering(role domain.Role) (list []handlers.Right) {
	for _, r := range handlers.Rights(handlers.API) {
		if slices.Contains(r.Roles, role) {
			list = append(list, r)
		}
	}
	return list
}

func TestSchemathesisAsEveryRoleFindsNothingAndChangesNothingByWhatIsRefused(t *testing.T) {
	program := os.Getenv("DOSSIER_SCHEMATHESIS")
	if program == "" {
		t.Skip("needs schemathesis: make schemathesis")
	}
	t.Parallel()
	roles := domain.Roles()
	if only := os.Getenv("DOSSIER_SCHEMATHESIS_ROLES"); only != "" {
		roles = nil
		for _, role := range strings.Split(only, ",") {
			roles = append(roles, domain.Role(role))
		}
	}
	verdicts := make([]verdict, len(roles))
	var operations []string
	t.Run("roles", func(t *testing.T) {
		for i, role := range roles {
			t.Run(string(role), func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				c := caller{Actor: domain.Actor{Account: accountOf(role), Role: role, Unit: "one-stop"}}
				if role == domain.Applicant || role == domain.System {
					c.Unit = ""
				}
				if i == 0 {
					operations = s.operations()
				}
				verdicts[i] = s.examined(program, c)
			})
		}
	})
	t.Log(summary(verdicts))
	good := map[string]bool{}
	for _, v := range verdicts {
		for route := range v.good {
			good[route] = true
		}
		for _, one := range v.wrong {
			t.Errorf("as %s: %s", v.role, one)
		}
		for _, route := range slices.Sorted(maps.Keys(v.fives)) {
			t.Errorf("as %s: %s answered 5xx %d times", v.role, route, v.fives[route])
		}
	}
	var never []string
	for _, op := range operations {
		if !good[op] {
			never = append(never, op)
		}
	}
	last := fmt.Sprintf("%d of %d operations answered 2xx at least once", len(operations)-len(never), len(operations))
	t.Log(last)
	if file := os.Getenv("DOSSIER_SCHEMATHESIS_TABLE"); file != "" { // a test that passed is not heard
		if err := os.WriteFile(file, []byte(summary(verdicts)+last+"\n"), 0o644); err != nil {
			t.Error(err)
		}
	}
	if len(never) > 0 && len(roles) == len(domain.Roles()) || len(operations) == 0 {
		t.Errorf("never answered 2xx: %s", strings.Join(never, ", "))
	}
}

// summary is a line for each role.
func summary(verdicts []verdict) string {
	var b strings.Builder
	out := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "\nrole\tmay enter\tasked\trequests\tanswered 2xx\t5xx\tchanged by a refusal\tfailed checks\ttook\n")
	for _, v := range verdicts {
		var failed []string
		for _, f := range v.Failures {
			failed = append(failed, fmt.Sprintf("%s %d", f.Title, f.Count))
		}
		for _, e := range v.Errors {
			failed = append(failed, fmt.Sprintf("%s %d", e.Title, e.Count))
		}
		if len(failed) == 0 {
			failed = []string{"0"}
		}
		fmt.Fprintf(out, "%s\t%d\t%d of %d\t%d\t%d\t%d\t%d\t%s\t%s\n", v.role, v.entered, v.Operations.Tested, v.Operations.Total, v.cases, len(v.good), len(v.fives), len(v.wrong), strings.Join(failed, ", "), v.took.Round(time.Second))
	}
	out.Flush()
	return b.String()
}
