package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/handlers/yamltext"

	"dossier/domain/organisation"
	"dossier/internal/devstack"
)

// The matrix asks the real server for every route of its own mux, as every role, in every relation to what is behind the route, and holds the
// answer against the table of rights.

// relation is how somebody stands to the dossier, person, batch or file that a route is about.
type relation string

const (
	anonymous  relation = "anonymous"
	own        relation = "own"          // the applicant itself, who also sends the file
	mandated   relation = "mandated"     // another applicant, under a mandate
	stranger   relation = "another's"    // another applicant
	sameUnit   relation = "same unit"    // where the dossier was filed
	otherUnit  relation = "other unit"   // of the same agency
	otherHouse relation = "other agency" // staff of another agency
	machine    relation = "the machine"  // timers, importers
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
		}{{"same", "one-stop", sameUnit}, {"unit", "registry", otherUnit}, {"far", "lam-dong-one-stop", otherHouse}} {
			all = append(all, caller{domain.Actor{Account: strings.ReplaceAll(string(role), "_", "-") + "-" + place.name, Role: role, Unit: place.unit}, place.relation})
		}
	}
	return all
}

// believing is a login that believes whom it is told, for the machine and applicants that no organisation knows.
type believing map[string]domain.Actor

func (b believing) Authenticate(r *http.Request) (domain.Actor, error) {
	a, known := b[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer dev:")]
	if !known {
		return a, handlers.ErrUnauthenticated
	}
	return a, nil
}

// answer is what a door did.
type answer string

const (
	in      answer = "came in"   // whatever a rule said then
	unknown answer = "who?"      // 401
	refused answer = "refused"   // 403
	hidden  answer = "not there" // 404, and nothing tells it from what never was
)

// expected is what the table says.
func expected(r handlers.Right, c caller) answer {
	switch {
	case r.Free == handlers.Everybody:
		return in
	case r.Free == handlers.Provider || c.relation == anonymous:
		return unknown
	case r.Free == handlers.SignedIn:
		return in
	case r.Free != "" || !slices.Contains(r.Roles, c.Role):
		return refused
	}
	switch r.About {
	case handlers.OneDossier, handlers.Filing:
		if c.relation == stranger {
			return refused
		}
		if c.relation == otherHouse && r.About == handlers.OneDossier {
			return hidden
		}
	case handlers.Person:
		if c.relation == stranger || c.relation == mandated {
			return refused
		}
	case handlers.OneBatch:
		if c.relation == otherHouse {
			return hidden
		}
	case handlers.Trial: // nobody here works in one: TestAResetClosesTheSandboxAndOpensTheNext asks who does
		if c.Role != domain.SystemAdmin {
			return refused
		}
	case handlers.Upload:
		if c.relation != own {
			return hidden
		}
	}
	return in
}

// town is a house in which every caller works, with something behind every door.
type town struct {
	*house
	callers []caller
	file    fileLine // clean, of a dossier at the ministry's one-stop unit
	upload  fileLine // on its way, by the applicant
	order   string
	batch   string
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := openTown(t, devstack.TestKafka(t), &cabinet{dir: t.TempDir(), clamd: devstack.TestNoVirus(t)})
	w.furnish()
	w.ready()
	return w
}

// openTown opens a house in which every caller works.
func openTown(t *testing.T, brokers []string, c *cabinet) *town {
	t.Helper()
	login := believing{"admin": {Account: "admin", Role: domain.SystemAdmin, Unit: "it"}, "reception": {Account: "reception", Role: domain.ReceptionOfficer, Unit: "one-stop"},
		"fees": {Account: "fees", Role: domain.FeeOfficer, Unit: "one-stop"}}
	w := &town{callers: callers()}
	for _, c := range w.callers[1:] {
		login[c.Account] = c.Actor
	}
	c.auth = func(*handlers.Executor) handlers.Authenticator { return login }
	w.house = openHouseWith(t, brokers, nil, c)
	w.post("admin", "/v1/organisation", w.organisation()).is(http.StatusOK)
	return w
}

// furnish puts something behind every door.
func (w *town) furnish() {
	w.t.Helper()
	w.post("reception", "/v1/persons/applicant-1", `{"kind":"citizen","name":"Đỗ Thị Nghĩa","id_number":"001099000001"}`).is(http.StatusOK)
	w.post("applicant-1", "/v1/persons/applicant-1/mandates", `{"to":"applicant-3"}`).is(http.StatusOK)

	content := aPDF(1000)
	id := w.filed()
	for _, n := range []*fileLine{&w.file, &w.upload} {
		w.post("applicant-1", "/v1/dossiers/"+id+"/files", announce(content)).is(http.StatusCreated).into(n)
	}
	w.patch(w.file.ID, 0, content).is(http.StatusOK)
	w.done("fees", id, "request-payment", `{"amount":50000,"fees":["appraisal-fee"]}`)
	var o struct{ Reference string }
	w.post("applicant-1", "/v1/dossiers/"+id+"/payments/1/order", "{}").is(http.StatusOK).into(&o)
	var b struct{ ID string }
	w.post("reception", "/v1/bulk", `{"command":"accept","ids":["`+id+`"]}`).is(http.StatusCreated).into(&b)
	w.order, w.batch = o.Reference, b.ID
}

// filed is a new dossier of the first applicant at the ministry's one-stop unit.
func (w *town) filed() string {
	w.t.Helper()
	return w.post("reception", "/v1/dossiers", `{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"applicant-1","unit":"one-stop"}`).is(http.StatusCreated).receipt().ID
}

// organisation is the example with all callers in it.
func (w *town) organisation() string {
	data, mistakes := yamltext.JSON(organisation.Shipped())
	if len(mistakes) > 0 {
		w.t.Fatal(mistakes)
	}
	var plan map[string]any
	if err := json.Unmarshal(data, &plan); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range w.callers {
		if c.Unit != "" {
			plan["accounts"] = append(plan["accounts"].([]any), map[string]any{"account": c.Account, "from": "2025-08-01", "title_vi": c.Account, "title_en": c.Account,
				"posts": []any{map[string]any{"role": c.Role, "unit": c.Unit}}})
		}
	}
	data, _ = json.Marshal(plan)
	return string(data)
}

// today is a day for the money of an agency.
func today() string { return time.Now().In(handlers.Zone()).Format(time.DateOnly) }

// bodies are what routes beside commands take, so that they are understood.
var bodies = map[string]string{
	"POST /v1/dossiers/{id}/open-complaint":              `{"kind":"lawsuit","other":"12-2026-hc"}`, // a complaint asks for the right to file, too
	"POST /v1/dossiers":                                  filing,
	"POST /v1/dossiers/{id}/files":                       `{"name":"a.pdf","size":9,"component":"tp-1"}`,
	"POST /v1/dossiers/{id}/look-up":                     `{"component":"tp-2"}`,
	"POST /v1/files/{id}/signatures":                     `{}`,
	"POST /v1/signatures/verify":                         `{"sha256":"` + strings.Repeat("0", 64) + `","signature":"x"}`,
	"PATCH /v1/files/{id}":                               "%PDF",
	"POST /v1/procedures/{id}/facts":                     `{}`,
	"POST /v1/procedures/{id}/switch":                    `{"unit":"one-stop","open":true,"reason":"pilot","basis":"12/QD"}`,
	"POST /v1/procedures/{id}/withdraw":                  `{"decision":"9/QD","decided_on":"2026-11-01","from":"2099-01-01"}`,
	"POST /v1/keys":                                      `{"label":"matrix","account":"auditor-same","role":"auditor","unit":"one-stop","scopes":["read"]}`,
	"POST /v1/sessions/end":                              `{"account":"nobody"}`,
	"POST /v1/subjects/confirm":                          `{"subject":"somebody","account":"auditor-same"}`,
	"POST /v1/subjects/link":                             `{"subject":"somebody","account":"auditor-same"}`,
	"POST /v1/persons/search":                            `{"name":"Nghĩa","purpose":"counter"}`,
	"POST /v1/persons/names":                             `{"refs":["applicant-1"],"purpose":"worklist"}`,
	"POST /v1/persons/{ref}":                             `{"kind":"citizen","name":"Đỗ Thị Nghĩa"}`,
	"POST /v1/persons/{ref}/correct":                     `{"reason":"spelling","name":"Đỗ Thị Nghĩa"}`,
	"POST /v1/persons/{ref}/erase":                       `{"decision":"12-QD","reason":"data-subject-request"}`,
	"POST /v1/persons/{ref}/mandates":                    `{"to":"applicant-4","evidence":"notarised"}`,
	"POST /v1/persons/{ref}/mandates/{number}/end":       `{"reason":"no-longer-needed","from":"2099-01-01"}`,
	"POST /v1/persons/{ref}/requests":                    `{"wish":"copy"}`,
	"POST /v1/persons/{ref}/requests/{number}/answer":    `{"answer":"granted"}`,
	"POST /v1/persons/{ref}/requests/{number}/extend":    `{"reason":"many-records"}`,
	"POST /v1/tills":                                     `{"float":0}`,
	"POST /v1/tills/{day}/close":                         `{"counted":0}`,
	"POST /v1/tills/{officer}/{day}/transfer":            `{"document":"1"}`,
	"POST /v1/receipt-books/{series}":                    `{"holder":"fees","first":1,"last":9}`,
	"POST /v1/receipt-books/{series}/hand":               `{"to":"fees"}`,
	"POST /v1/receipt-books/{series}/{number}/void":      `{"reason":"spoiled"}`,
	"POST /v1/receipt-books/{series}/{number}/give-back": `{"amount":1,"reason":"wrong_amount"}`,
	"POST /v1/payment-orders/{reference}/refund":         `{"amount":1,"reason":"wrong_amount"}`,
	"POST /v1/payment-orders/{reference}/cancel":         `{"reason":"wrong_amount"}`,
	"POST /v1/money/days/{day}/explain":                  `{"key":"x","cause":"counting_error"}`,
	"POST /v1/bulk/{id}/undo":                            `{"reason":"wrong_content"}`,
	"POST /v1/bulk/{id}/undo/dry-run":                    `{"reason":"wrong_content"}`,
}

var queries = map[string]string{
	"GET /v1/dossiers/{id}/words": "?purpose=look", "GET /v1/persons/{ref}": "?purpose=look", "GET /v1/persons/{ref}/prefill": "?purpose=look&procedure=vet-practice-cert-renew",
	"GET /v1/procedures/{id}/move": "?from=1&to=1",
}

// request is one that the route understands.
func (w *town) request(r handlers.Right, id string, c caller) (method, path, body string, headers []string) {
	method, path, _ = strings.Cut(r.Name, " ")
	thing := id
	switch {
	case strings.HasPrefix(path, "/v1/files/{id}/"):
		thing = w.file.ID
	case path == "/v1/files/{id}":
		thing = w.upload.ID
	case strings.HasPrefix(path, "/v1/bulk/"):
		thing = w.batch
	case strings.HasPrefix(path, "/v1/procedures/"):
		thing = "vet-practice-cert-renew"
	}
	number := "1"
	if path == "/v1/results/{number}" {
		number = "000.00.00.H00-261126-0001-KQ1"
	}
	path = strings.NewReplacer("{id}", thing, "{ref}", "applicant-1", "{number}", number, "{code}", "vn", "{reference}", w.order, "{officer}", "fees", "{day}", today(), "{series}", "BL26A",
		"{type}", "dossier.accepted.v1", "{command}", "jump-over", "{$}", "").Replace(path) + queries[r.Name]
	body = bodies[r.Name]
	switch {
	case len(r.Asks) == 1 && r.Asks[0].Kind == handlers.Command && strings.HasPrefix(path, "/v1/dossiers/") && body == "":
		body = string(dossier.Example(r.Asks[0].Name))
		if handlers.NeedsVersion(r.Asks[0].Name) {
			headers = append(headers, `If-Match: "1"`)
		}
	case r.Name == "POST /v1/bulk":
		body = `{"command":"` + w.inBulk(c) + `","ids":["` + id + `"]}`
	case r.Name == "POST /v1/tills/payments":
		body = `{"dossier":"` + id + `","payment":1,"amount":50000,"method":"cash","series":"BL26A"}`
	case r.Name == "POST /v1/organisation":
		body = w.organisation()
	case method == "PATCH":
		headers = append(headers, "Content-Type: application/offset+octet-stream", "Upload-Offset: 7") // not where it goes on: nothing is taken
	case method == "POST" && body == "":
		body = "{}"
	}
	return method, path, body, headers
}

// inBulk is a command that somebody may plan for many, if there is one.
func (w *town) inBulk(c caller) string {
	for _, name := range handlers.BulkCommands() {
		if handlers.May(c.Actor, handlers.Act{Kind: handlers.Command, Name: name}) == nil {
			return name
		}
	}
	return "accept"
}

// ask is one cell.
func (w *town) ask(r handlers.Right, id string, c caller) (answer, string) {
	w.t.Helper()
	method, path, body, headers := w.request(r, id, c)
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if c.Account != "" {
		q.Header.Set("Authorization", "Bearer dev:"+c.Account)
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		q.Header.Set(name, value)
	}
	response, err := w.client.Do(q)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	var said []byte
	if r.Name != "GET /v1/events/stream" || response.StatusCode != http.StatusOK { // which stays open
		said, _ = io.ReadAll(response.Body)
	}
	told := fmt.Sprintf("%d %s", response.StatusCode, said)
	var p problem
	_ = json.Unmarshal(said, &p)
	switch {
	case response.StatusCode >= 500 && p.Code != "not_yet":
		w.t.Errorf("%s as %s: %s", r.Name, c.Account, told)
	case response.StatusCode == http.StatusUnauthorized:
		return unknown, told
	case response.StatusCode == http.StatusForbidden:
		return refused, told
	case p.Code == "not_found", p.Code == "no_file" && strings.HasPrefix(path, "/v1/files/"), p.Code == "no_batch", p.Code == "no_order", method == "HEAD" && response.StatusCode == http.StatusNotFound:
		if r.About != handlers.House && r.About != handlers.Trial {
			return hidden, told
		}
	}
	return in, told
}

type cell struct {
	route  string
	caller caller
}

func TestTheMatrixOfRightsHoldsOnTheRealServer(t *testing.T) {
	long(t)
	t.Parallel()
	w := newTown(t)
	table := map[string]handlers.Right{}
	for _, r := range handlers.Rights(handlers.API) {
		table[r.Name] = r
	}
	saw := map[cell]answer{}
	for _, route := range w.routes {
		r, known := table[route]
		if !known {
			t.Errorf("%s is in no table of rights", route)
			continue
		}
		w.refusedFirst(r, saw)
	}

	untested, sums := 0, map[answer]int{}
	for _, route := range w.routes {
		for _, c := range w.callers {
			got, tested := saw[cell{route, c}]
			if sums[got]++; !tested {
				untested++
			}
		}
	}
	if untested > 0 || len(table) != len(w.routes) {
		t.Errorf("%d cells were not tested; %d routes, %d rules", untested, len(w.routes), len(table))
	}
	t.Logf("%d routes × %d callers (%d roles in their relations, and nobody) = %d cells, untested %d: %v", len(w.routes), len(w.callers), len(domain.Roles()), len(saw), untested, sums)

	administrator(t, saw, table)
	mutants(t, saw, table, w.callers)
}

// refusedFirst asks one route as everybody: first those who must not come in, after whom nothing may have changed.
func (w *town) refusedFirst(r handlers.Right, saw map[cell]answer) {
	w.t.Helper()
	id := w.filed()
	before, err := w.journal.Head(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	sorted := slices.Clone(w.callers)
	slices.SortStableFunc(sorted, func(a, b caller) int {
		rank := func(c caller) int {
			if expected(r, c) == in {
				return 1
			}
			return 0
		}
		return rank(a) - rank(b)
	})
	checked := false
	for _, c := range sorted {
		want := expected(r, c)
		if want == in && !checked {
			checked = true
			if after, err := w.journal.Head(w.t.Context()); err != nil || after != before {
				w.t.Errorf("%s: who was refused left %d events, %v", r.Name, after-before, err)
			}
		}
		got, told := w.ask(r, id, c)
		if saw[cell{r.Name, c}] = got; got != want {
			w.t.Errorf("%s as %s (%s): %s, the table says %s: %.300s", r.Name, c.Role, c.relation, got, want, told)
		}
	}
}

// administrator proves that who looks after the machine approves nothing and reads no content. It may say what the national portal was told,
// which answers with a receipt.
func administrator(t *testing.T, saw map[cell]answer, table map[string]handlers.Right) {
	t.Helper()
	doors := 0
	for c, got := range saw {
		r := table[c.route]
		if c.caller.Role != domain.SystemAdmin || r.Free != "" || c.route == "POST /v1/dossiers/{id}/record-portal-status" {
			continue
		}
		if doors++; got == in && r.About != handlers.House && r.About != handlers.Trial {
			t.Errorf("the system administrator comes in at %s", c.route)
		}
	}
	t.Logf("the system administrator was asked for at %d doors", doors)
}

// mutants changes one entry of the table at a time and counts those that the answers of the server do not tell from the right one.
func mutants(t *testing.T, saw map[cell]answer, table map[string]handlers.Right, all []caller) {
	t.Helper()
	made, survived := 0, 0
	try := func(r handlers.Right, what string) {
		made++
		for _, c := range all {
			if expected(r, c) != saw[cell{r.Name, c}] {
				return
			}
		}
		survived++
		t.Errorf("%s: %s, and the server answers as before", r.Name, what)
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		r := table[name]
		if r.Free != "" {
			m := r
			m.Free = handlers.Provider
			if r.Free == handlers.Provider {
				m.Free = handlers.Everybody
			}
			try(m, "open to "+string(m.Free))
			continue
		}
		m := r
		m.Free = handlers.Everybody
		try(m, "open to everybody")
		for _, role := range domain.Roles() {
			if r.About == handlers.Trial && role != domain.SystemAdmin {
				continue // refused either way: none of the callers works in a sandbox
			}
			m := r
			if at := slices.Index(r.Roles, role); at >= 0 {
				m.Roles = slices.Delete(slices.Clone(r.Roles), at, at+1)
				try(m, "closed to "+string(role))
			} else {
				m.Roles = append(slices.Clone(r.Roles), role)
				try(m, "open to "+string(role))
			}
		}
		staff := slices.ContainsFunc(r.Roles, func(role domain.Role) bool { return role != domain.Applicant && role != domain.System })
		if r.About == handlers.OneDossier && (staff || slices.Contains(r.Roles, domain.Applicant)) || r.About == handlers.OneBatch || r.About == handlers.Upload {
			m := r
			m.About = handlers.House
			try(m, "of the house")
		}
	}
	if t.Logf("%d mutants of the table, %d survived", made, survived); made < 20 {
		t.Errorf("only %d mutants", made)
	}
}

// long leaves a test to make test-long.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("DOSSIER_TEST_LONG") == "" {
		t.Skip("takes long: make test-long")
	}
}
