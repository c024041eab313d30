package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/identity"
	"dossier/internal/devstack"

	"github.com/jackc/pgx/v5"
)

// readiness is the answer of /readyz.
type readiness struct {
	Status string
	Checks []struct{ Name, Status, VI, EN string }
}

func (r readiness) of(name string) string {
	for _, c := range r.Checks {
		if c.Name == name {
			return c.Status
		}
	}
	return "missing"
}

func TestReadinessListsEachCheckAndWhatIsWrong(t *testing.T) {
	t.Parallel()
	h := newHouseWithKafka(t)
	var ready readiness
	for deadline := time.Now().Add(20 * time.Second); ready.Status != "green"; {
		h.get("", "/readyz").into(&ready)
		if time.Now().After(deadline) {
			t.Fatalf("never ready: %+v", ready)
		}
	}
	for _, c := range ready.Checks {
		if c.VI == "" || c.EN == "" || c.Status != "green" {
			t.Errorf("check %+v", c)
		}
	}
	if len(ready.Checks) != 8 {
		t.Errorf("%d checks, want 8", len(ready.Checks))
	}
}

func TestWithoutARelayTheBrokerIsRed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var ready readiness
	r := h.get("", "/readyz").is(503).into(&ready)
	if ready.of("broker") != "red" || ready.of("database") != "green" || ready.of("migrations") != "green" || r.Header.Get("Retry-After") == "" {
		t.Errorf("%+v", ready)
	}
	h.get("", "/livez").is(200)
}

func TestWithPostgresAwayEverythingAnswersAndNothingIsDone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.submitted()
	h.get("auditor", "/v1/dossiers/"+r.ID+"?"+h.seen(r)).is(200)
	h.db.Away(t)
	for _, path := range []string{"/v1/dossiers", "/v1/dossiers/" + r.ID, "/v1/dossiers/" + r.ID + "?version=1", "/v1/dossiers/" + r.ID + "/history", "/v1/events", "/v1/events/stream"} {
		if answer := h.get("auditor", path); answer.problem(503, "unavailable").Code != "" && answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s does not say when to come again", path)
		}
	}
	h.post("applicant-1", "/v1/dossiers", filing).problem(503, "unavailable")
	h.post("reception", "/v1/dossiers/"+r.ID+"/accept", "").problem(503, "unavailable")
	began := time.Now()
	var ready readiness
	h.get("", "/readyz").is(503).into(&ready)
	if took := time.Since(began); took > 3*time.Second || ready.of("database") != "red" {
		t.Errorf("after %s: %+v", took, ready)
	}
	h.get("", "/livez").is(200)
	h.get("", "/metrics").is(200)
	h.get("auditor", "/v1/procedures").is(200)
	time.Sleep(1100 * time.Millisecond) // longer than rules are trusted without looking
	h.get("auditor", "/v1/procedures").is(200)
	h.get("auditor", "/v1/dossiers/"+r.ID).problem(503, "unavailable")
}

func TestFiguresCountCommandsAndRequests(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	h.post("head", "/v1/dossiers/"+id+"/assign-officer", `{"officer":"officer-1"}`).is(409)
	figures := h.metrics()
	for _, want := range []string{
		`dossier_commands_total{command="submit",outcome="done"} 1`, `dossier_commands_total{command="assign-officer",outcome="refused"} 1`,
		`dossier_http_seconds_count{method="POST",route="POST /v1/dossiers",status="201"} 1`, `dossier_projection_lag_events{projection="dossiers"}`,
		`dossier_relay_lag_events`, `dossier_projection_cas_lost_total`, `dossier_update_seconds_bucket`,
	} {
		if !strings.Contains(figures, want) {
			t.Errorf("figures lack %s", want)
		}
	}
}

func TestEveryAnswerIsGuardedAndTraced(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	r := h.post("applicant-1", "/v1/dossiers", filing, "X-Request-Id: my-request.1", "Traceparent: "+trace, "Idempotency-Key: k").is(201)
	for name, want := range map[string]string{
		"X-Request-Id": "my-request.1", "Traceparent": trace, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if csp := r.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
		t.Errorf("policy %q", csp)
	}
	event := h.get("auditor", "/v1/events").is(200)
	if !strings.Contains(string(event.body), trace) {
		t.Errorf("the event does not carry the trace: %s", event.body)
	}
	odd := h.get("auditor", "/v1/nowhere", "X-Request-Id: <script>", "Traceparent: nonsense")
	if p := odd.problem(404, "no_route"); strings.Contains(odd.Header.Get("X-Request-Id"), "<") || !strings.HasSuffix(p.Instance, odd.Header.Get("X-Request-Id")) || len(odd.Header.Get("Traceparent")) != 55 {
		t.Errorf("%v %+v", odd.Header, p)
	}
	h.get("auditor", "/v1/dossiers?applicant=secret-person")
	log := h.log.String()
	if !strings.Contains(log, "my-request.1") || !strings.Contains(log, "account=applicant-1") {
		t.Errorf("the log does not know the request: %s", log)
	}
	if strings.Contains(log, "Bearer") || strings.Contains(log, "dev:") || strings.Contains(log, "secret-person") {
		t.Errorf("the log holds what it must not: %s", log)
	}
}

func TestPathsAndMethodsThereAreNotAreProblems(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.get("auditor", "/v1/nowhere").problem(404, "no_route")
	h.get("auditor", "/schemas/nothing").problem(404, "unknown_schema")
	wrong := h.send("auditor", "DELETE", "/v1/dossiers", "")
	if p := wrong.problem(405, "method_not_allowed"); !strings.Contains(wrong.Header.Get("Allow"), "POST") || !strings.Contains(p.Detail, "POST") {
		t.Errorf("%v %+v", wrong.Header, p)
	}
	h.get("auditor", "/v1/dossiers/x/accept").problem(405, "method_not_allowed")
}

func TestThePageHasEveryOperationInAChapter(t *testing.T) {
	t.Parallel()
	service := httptestServer(t, api.Deps{Auth: handlers.NewDevLogin(), Version: "test"})
	read := func(path string) []byte {
		t.Helper()
		response, err := http.Get(service + path)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	var doc struct {
		Tags  []struct{ Name, Description string }
		Paths map[string]map[string]struct {
			OperationID string
			Tags        []string
		}
	}
	if err := json.Unmarshal(read("/openapi.json"), &doc); err != nil {
		t.Fatal(err)
	}
	chapters := map[string]int{}
	for _, tag := range doc.Tags {
		chapters[tag.Name] = 0
	}
	page := string(read("/docs"))
	for path, methods := range doc.Paths {
		for method, op := range methods {
			where := strings.ToUpper(method) + " " + path
			if len(op.Tags) != 1 {
				t.Errorf("%s has the tags %v", where, op.Tags)
				continue
			}
			if _, is := chapters[op.Tags[0]]; !is {
				t.Errorf("%s is of “%s”, which is no chapter: name its path in subjects", where, op.Tags[0])
			}
			chapters[op.Tags[0]]++
			if n := strings.Count(page, `id="`+op.OperationID+`"`); n != 1 || strings.Count(page, "<code>"+where+"</code>") != 2 {
				t.Errorf("%s stands %d times on the page", where, n)
			}
		}
	}
	for tag, n := range chapters {
		if n == 0 {
			t.Errorf("nothing is of %s", tag)
		}
	}
}

func TestDescriptionsAreServedWithoutLogin(t *testing.T) {
	t.Parallel()
	service := httptestServer(t, api.Deps{Auth: identity.Any{handlers.NewDevLogin()}, Version: "test"}) // one way among others, as in dossier dev
	for path, wants := range map[string][]string{
		"/docs":                         {"application/openapi", "POST /v1/dossiers", "dev:", "reception"},
		"/docs/docs.css":                {"body {"},
		"/openapi.json":                 {`"openapi": "3.1.0"`},
		"/schemas/":                     {"/schemas/dossier.accepted.v1"},
		"/schemas/dossier.forwarded.v1": {`"unit"`, `"required"`},
		"/version":                      {`"version":"test"`},
	} {
		response, err := http.Get(service + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != 200 {
			t.Errorf("%s: %d, %v", path, response.StatusCode, err)
		}
		if path == "/docs" {
			wants = wants[1:]
			if csp := response.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'") || strings.Contains(string(body), "<script") || strings.Contains(string(body), "style=") {
				t.Errorf("the page breaks its policy %s", csp)
			}
			if strings.Contains(string(body), "http://") || strings.Contains(string(body), "https://") {
				t.Error("the page loads from elsewhere")
			}
		}
		for _, want := range wants {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s lacks %s", path, want)
			}
		}
		if strings.HasSuffix(response.Header.Get("Content-Type"), "json") && !json.Valid(body) {
			t.Errorf("%s is no JSON", path)
		}
	}
}

func TestWhenPostgresComesBackEverythingGoesOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	admin, err := pgx.Connect(t.Context(), devstack.TestPostgres(t).AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(t.Context())
	do := func(sql string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	do(`alter database ` + h.db.Name + ` allow_connections false`)
	do(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '` + h.db.Name + `'`)
	h.post("reception", "/v1/dossiers/"+id+"/accept", "", "Idempotency-Key: k").problem(503, "unavailable")
	h.get("auditor", "/v1/dossiers").problem(503, "unavailable")
	do(`alter database ` + h.db.Name + ` allow_connections true`)
	var accepted reply
	for deadline := time.Now().Add(10 * time.Second); ; {
		accepted = h.post("reception", "/v1/dossiers/"+id+"/accept", "", "Idempotency-Key: k")
		if accepted.StatusCode == 200 || time.Now().After(deadline) {
			break
		}
	}
	r := accepted.is(200).receipt()
	if r.Version != 2 {
		t.Errorf("after the outage %+v", r)
	}
	h.get("auditor", "/v1/dossiers/"+id+"?"+h.seen(r)).is(200)
}
