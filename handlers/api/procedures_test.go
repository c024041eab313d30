package api_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"dossier/domain/procedure"
	"dossier/handlers"
	"dossier/projections"
)

// version is a version of a procedure as the API tells it.
type version struct {
	ID        string            `json:"id"`
	Number    int               `json:"number"`
	ShortEN   string            `json:"short_en"`
	LimitVI   string            `json:"limit_vi"`
	Open      bool              `json:"open_for_filing"`
	Certainty map[string]string `json:"certainty"`
}

// renewal is a shipped file with another decision and first day.
func renewal(id, decision, from string) string {
	return strings.NewReplacer(`"decision": "MAU/2026-11-22"`, `"decision": "`+decision+`"`, `"valid_from": "2020-01-01"`, `"valid_from": "`+from+`"`,
		`"limits": [{"value": 3, `, `"limits": [{"value": 7, `).Replace(string(procedure.Shipped()[id]))
}

func TestTheCatalogueIsReadAsItIsValidOnADay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var list struct{ Items []version }
	h.get("applicant-1", "/v1/procedures").is(http.StatusOK).into(&list)
	if len(list.Items) != 54 || list.Items[0].Certainty["time_limit"] == "" || list.Items[0].ShortEN == "" {
		t.Errorf("%d procedures, %+v", len(list.Items), list.Items[0])
	}
	h.get("applicant-1", "/v1/procedures?open=true").is(http.StatusOK).into(&list)
	if len(list.Items) != 44 {
		t.Errorf("%d are open", len(list.Items))
	}
	h.post("catalogue", "/v1/procedures", string(procedure.Shipped()["vet-practice-cert-renew"])).is(http.StatusOK)
	h.post("catalogue", "/v1/procedures", renewal("vet-practice-cert-renew", "2/QĐ", "2026-07-01")).is(http.StatusOK)
	for query, want := range map[string]int{"?at=2026-06-30": 1, "?at=2026-07-01": 2, "?version=1": 1, "": 2} {
		var one struct {
			Versions []struct{ Number int }
			Version  version
			Diagram  string
		}
		h.get("applicant-1", "/v1/procedures/vet-practice-cert-renew"+query).is(http.StatusOK).into(&one)
		if one.Version.Number != want || len(one.Versions) != 2 || !strings.HasPrefix(one.Diagram, "stateDiagram-v2") {
			t.Errorf("%s: %+v", query, one)
		}
	}
	for path, status := range map[string]int{"/v1/procedures/nothing": 404, "/v1/procedures/vet-practice-cert-renew?version=3": 404, "/v1/procedures?at=tomorrow": 422} {
		h.get("applicant-1", path).is(status)
	}
}

func TestABrokenProcedureIsRefusedWithEveryMistakeAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	file, err := os.ReadFile("../../docs/examples/broken-procedures/dead-end.json")
	if err != nil {
		t.Fatal(err)
	}
	var problem handlers.ProblemBody
	h.post("catalogue", "/v1/procedures", string(file), "Accept-Language: en").is(http.StatusUnprocessableEntity).into(&problem)
	if problem.Code != "file_mistakes" || len(problem.Errors) != 1 || problem.Errors[0].Field != "flow.steps[1]" || !strings.Contains(problem.Errors[0].Detail, "line 49") || !strings.Contains(problem.Errors[0].Detail, "in_forest=false") {
		t.Errorf("%+v", problem)
	}
	h.post("applicant-1", "/v1/procedures", string(file)).is(http.StatusForbidden)
	if head, err := h.journal.Head(t.Context()); err != nil || head != 0 {
		t.Errorf("%d events were written, %v", head, err)
	}
}

func TestASwitchIsTurnedOverTheAPIAndRefusesWithItsBasis(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	path := "/v1/procedures/vet-practice-cert-renew/switch"
	h.post("reception", path, `{"open": false, "reason": "unit_not_ready", "basis": "12/QĐ"}`).is(http.StatusForbidden)
	h.post("catalogue", path, `{"reason": "unit_not_ready", "basis": "12/QĐ"}`).is(http.StatusUnprocessableEntity)
	h.post("catalogue", path, `{"open": false, "reason": "pilot", "basis": "12/QĐ"}`).is(http.StatusUnprocessableEntity)
	h.post("catalogue", "/v1/procedures/nothing/switch", `{"open": false, "reason": "unit_not_ready", "basis": "12/QĐ"}`).is(http.StatusNotFound)
	h.post("catalogue", path, `{"open": false, "reason": "unit_not_ready", "basis": "12/QĐ"}`).is(http.StatusOK)
	var problem handlers.ProblemBody
	h.post("applicant-1", "/v1/dossiers", `{"procedure": "vet-practice-cert-renew", "channel": "online", "applicant": "applicant-1"}`).is(http.StatusConflict).into(&problem)
	if problem.Code != "switched_off" || problem.Basis != "12/QĐ" {
		t.Errorf("%+v", problem)
	}
	var one struct {
		Switches []struct {
			Open   bool
			Reason string
			VI     string
		}
	}
	h.get("applicant-1", "/v1/procedures/vet-practice-cert-renew").is(http.StatusOK).into(&one)
	if len(one.Switches) != 1 || one.Switches[0].Open || one.Switches[0].VI != "đơn vị chưa sẵn sàng" {
		t.Errorf("%+v", one)
	}
}

func TestWhatAProcedureAsksOfOneDossierIsAnsweredAndNothingIsKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var o struct {
		Facts, Limits []string
		Components    []struct{ Code string }
	}
	forms := `{"application": {"owner_name": "x", "owner_id": "012345678901", "species": "lợn", "head_count": 2, "destination_province": "x", "disease_free": true}}`
	h.post("applicant-1", "/v1/procedures/animal-quarantine-out-of-province/facts", forms).is(http.StatusOK).into(&o)
	if len(o.Facts) != 1 || o.Limits[0] != "1.working_day" || len(o.Components) != 2 {
		t.Errorf("%+v", o)
	}
	var problem handlers.ProblemBody
	h.post("applicant-1", "/v1/procedures/animal-quarantine-out-of-province/facts", strings.Replace(forms, `"species": "lợn", `, "", 1)).is(http.StatusUnprocessableEntity).into(&problem)
	if problem.Code != "missing" || problem.Errors[0].Field != "forms.application.species" {
		t.Errorf("%+v", problem)
	}
	if head, err := h.journal.Head(t.Context()); err != nil || head != 0 {
		t.Errorf("%d events were written, %v", head, err)
	}
}

func TestAMoveSaysWhomItTouchesBeforeItIsCarriedOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, ended, second := h.submitted(), h.submitted(), h.submitted()
	h.done("reception", ended.ID, "refuse-reception", `{"reason":"wrong_agency","basis":"nd-118-2025.17.1"}`)
	last := h.done("reception", second.ID, "accept", "")
	h.post("catalogue", "/v1/procedures", string(procedure.Shipped()["vet-practice-cert-renew"])).is(http.StatusOK)
	h.post("catalogue", "/v1/procedures", renewal("vet-practice-cert-renew", "2/QĐ", "2026-07-01")).is(http.StatusOK)

	x := handlers.NewExecutor(h.journal, handlers.ExecutorOptions{CommandKey: []byte("test")})
	views := projections.NewViews(h.pool, h.journal).Follow(h.engine)
	if err := views.Wait(t.Context(), last.Position, nil); err != nil {
		t.Fatal(err)
	}
	leader, _ := handlers.NewDevLogin().Account("approver")
	clerk, _ := handlers.NewDevLogin().Account("clerk")
	if _, err := x.PreviewMove(t.Context(), views, clerk.Actor(), "vet-practice-cert-renew", 1, 2); err == nil {
		t.Error("a clerk may preview a move")
	}
	m, err := x.PreviewMove(t.Context(), views, leader.Actor(), "vet-practice-cert-renew", 1, 2)
	if err != nil || len(m.Dossiers) != 2 || len(m.Changes) != 1 || m.Changes[0].Member != "limits" {
		t.Fatalf("%+v, %v", m, err)
	}
	var told handlers.Move
	h.get("approver", "/v1/procedures/vet-practice-cert-renew/move?from=1&to=2").is(http.StatusOK).into(&told)
	if len(told.Dossiers) != 2 || told.Dossiers[0].Applicant != "applicant-1" {
		t.Errorf("over HTTP: %+v", told)
	}
	h.get("clerk", "/v1/procedures/vet-practice-cert-renew/move?from=1&to=2").is(http.StatusForbidden)
	h.get("approver", "/v1/procedures/vet-practice-cert-renew/move?from=1&to=3").is(http.StatusNotFound)
	before, _ := h.journal.Head(t.Context())
	for range 2 { // the second finds everything done
		for _, d := range m.Dossiers {
			h.send("approver", "POST", "/v1/dossiers/"+d.ID.String()+"/move-to-version", `{"version": 2, "ground": "transition_rule", "basis": "nd-309-2026.5"}`, "Idempotency-Key: move-1").is(http.StatusOK)
		}
	}
	after, _ := h.journal.Head(t.Context())
	if after != before+2 {
		t.Errorf("%d events", after-before)
	}
	for id, want := range map[string]int{first.ID: 2, second.ID: 2, ended.ID: 1} {
		var state struct {
			Version int `json:"procedure_version"`
		}
		h.get("auditor", fmt.Sprintf("/v1/dossiers/%s?min_position=%d", id, after)).is(http.StatusOK).into(&state)
		if state.Version != want {
			t.Errorf("%s goes by version %d, want %d", id, state.Version, want)
		}
	}
	var problem handlers.ProblemBody
	h.post("approver", "/v1/dossiers/"+first.ID+"/move-to-version", `{"version": 9, "ground": "transition_rule", "basis": "nd-309-2026.5"}`).is(http.StatusConflict).into(&problem)
	if problem.Code != "unknown_version" {
		t.Errorf("%+v", problem)
	}
	h.post("approver", "/v1/dossiers/"+first.ID+"/move-to-version", `{"version": 1, "ground": "wrong_version"}`).is(http.StatusUnprocessableEntity)
}
