package handlers_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers"
)

// renewal is the shipped file of the open procedure with another decision, limit and first day.
func renewal(decision, from, limit string) []byte {
	return []byte(strings.NewReplacer(
		`"decision": "MAU/2026-11-22"`, `"decision": "`+decision+`"`, `"valid_from": "2020-01-01"`, `"valid_from": "`+from+`"`,
		`"limits": [{"value": 3, `, `"limits": [{"value": `+limit+`, `,
	).Replace(string(procedure.Shipped()[openProcedure])))
}

func (d *desk) publishProcedure(account string, file []byte) (handlers.PublishedProcedure, error) {
	d.t.Helper()
	return d.PublishProcedure(d.t.Context(), d.as(account), file, d.envelope(string(file)))
}

func TestAProcedureIsPublishedByItsAdministratorAndEveryVersionStays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	shipped := procedure.Shipped()[openProcedure]
	if _, err := d.publishProcedure("auditor", shipped); refusalCode(err) != handlers.NotAllowed {
		t.Errorf("an auditor published a procedure: %v", err)
	}
	first, err := d.publishProcedure("catalogue", shipped)
	if err != nil || first.Number != 1 || first.Events != 1 {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := d.publishProcedure("catalogue", shipped); err != nil || again.Events != 0 || again.Number != 1 {
		t.Errorf("published again: %+v, %v", again, err)
	}
	var mistakes handlers.Mistakes
	if _, err := d.publishProcedure("catalogue", renewal("2/QĐ", "2026-02-30", "3")); !errors.As(err, &mistakes) || mistakes[0].Line != 2 {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := d.publishProcedure("catalogue", renewal("MAU/2026-11-22", "2026-01-01", "4")); refusalCode(err) != "decision_used" {
		t.Errorf("another wording under the same decision: %v", err)
	}
	second, err := d.publishProcedure("catalogue", renewal("2/QĐ", "2026-01-01", "4"))
	if err != nil || second.Number != 2 {
		t.Fatalf("%+v, %v", second, err)
	}
	p, err := d.Procedures().Get(t.Context(), openProcedure)
	if err != nil || len(p.Versions) != 2 {
		t.Fatalf("%d versions, %v", len(p.Versions), err)
	}
	before, _ := p.On(calendar.On(2025, time.December, 31))
	after, _ := p.On(calendar.On(2026, time.January, 1))
	if before.Number != 1 || before.Limit.Value != 3 || after.Number != 2 || after.Limit.Value != 4 {
		t.Errorf("version %d of %d days before, %d of %d days after", before.Number, before.Limit.Value, after.Number, after.Limit.Value)
	}
}

// Two facts of one list exclude each other: what only both or neither could run into does not count against a version.
func TestAVersionIsJudgedByTheDossiersThatCanOccur(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := strings.Replace(string(procedure.Shipped()["cites-breeding-code-app23"]), `"limits": [{"value": 5, "unit": "working_day"}],`,
		`"limit_cases": [{"when": "animal", "limits": [{"value": 5, "unit": "working_day"}]}, {"when": "plant", "limits": [{"value": 3, "unit": "working_day"}]}],`, 1)
	if done, err := d.publishProcedure("catalogue", []byte(file)); err != nil || done.Number != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	var mistakes handlers.Mistakes
	if _, err := d.publishProcedure("catalogue", []byte(strings.Replace(file, `{"when": "plant", "limits"`, `{"when": "aquatic", "limits"`, 1))); !errors.As(err, &mistakes) || !strings.Contains(mistakes[0].EN, "plant=true") {
		t.Errorf("plants on land have no limit: %v", err)
	}
}

func TestADossierKeepsItsVersionWhenANewOneIsPublished(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.publish("catalogue", "vn", string(calendar.Shipped()["vn"])); err != nil {
		t.Fatal(err)
	}
	old := d.submitted() // nothing was published: the shipped version is the first
	today := time.Now().In(handlers.Zone()).Format(time.DateOnly)
	for _, file := range [][]byte{procedure.Shipped()[openProcedure], renewal("2/QĐ", today, "7")} {
		if _, err := d.publishProcedure("catalogue", file); err != nil {
			t.Fatal(err)
		}
	}
	young := d.submitted()
	for i, want := range map[int]struct {
		id      [16]byte
		version int
		limit   dossier.Code
	}{0: {old, 1, "3.working_day"}, 1: {young, 2, "7.working_day"}} {
		d.done("reception", want.id, dossier.AcceptDossier{})
		s, err := d.state(want.id)
		if err != nil || s.ProcedureVersion != want.version || len(s.Clock.Term.Limits) != 1 || s.Clock.Term.Limits[0] != want.limit {
			t.Errorf("dossier %d: version %d, limits %v, %v", i, s.ProcedureVersion, s.Clock.Term.Limits, err)
		}
	}
}

func TestADossierFiledEarlierGoesByTheVersionThatWasValidThen(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	now := time.Now().In(handlers.Zone())
	for _, file := range [][]byte{procedure.Shipped()[openProcedure], renewal("2/QĐ", now.AddDate(0, 0, -3).Format(time.DateOnly), "7"), renewal("3/QĐ", now.AddDate(0, 0, 3).Format(time.DateOnly), "9")} {
		if _, err := d.publishProcedure("catalogue", file); err != nil {
			t.Fatal(err)
		}
	}
	for ago, want := range map[int]int{0: 2, 2: 2, 5: 1} {
		e := d.envelope("{}")
		when := now.AddDate(0, 0, -ago)
		if ago > 0 {
			e.OccurredAt, e.LateReason = &when, "counter_entry"
		}
		r, err := d.Submit(t.Context(), d.as("reception"), e, dossier.SubmitDossier{Procedure: openProcedure, Channel: dossier.Counter, Applicant: "applicant-1", Unit: "one-stop"})
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := d.state(r.ID); s.ProcedureVersion != want {
			t.Errorf("filed %d days ago: version %d, want %d", ago, s.ProcedureVersion, want)
		}
	}
}

func TestASwitchThatIsOffRefusesAFilingAndNothingElse(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	turn := func(account, unit string, open bool, reason procedure.Reason) error {
		_, err := d.TurnSwitch(t.Context(), d.as(account), procedure.Turn{Procedure: openProcedure, Unit: unit, Open: open, Reason: reason, Basis: "12/QĐ-SNN"}, d.envelope(""))
		return err
	}
	file := func(unit dossier.Code) error {
		_, err := d.Submit(t.Context(), d.as("reception"), d.envelope("{}"), dossier.SubmitDossier{Procedure: openProcedure, Channel: dossier.Counter, Applicant: "applicant-1", Unit: unit})
		return err
	}
	e := d.envelope("{}")
	first, err := d.Submit(t.Context(), d.as("applicant-1"), e, filing)
	if err != nil {
		t.Fatal(err)
	}
	before := first.ID
	if err := turn("reception", "", false, procedure.UnitNotReady); refusalCode(err) != handlers.NotAllowed {
		t.Errorf("a reception officer turned a switch: %v", err)
	}
	if err := turn("catalogue", "", false, procedure.UnitNotReady); err != nil {
		t.Fatal(err)
	}
	if err := turn("catalogue", "one-stop", true, procedure.Pilot); err != nil {
		t.Fatal(err)
	}
	if err := file("branch-2"); refusalCode(err) != "switched_off" {
		t.Errorf("filed at a unit that is off: %v", err)
	}
	if _, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("{}"), filing); refusalCode(err) != "switched_off" {
		t.Errorf("filed online where the general switch is off: %v", err)
	}
	if again, err := d.Submit(t.Context(), d.as("applicant-1"), e, filing); err != nil || !again.Repeated || again.ID != before {
		t.Errorf("what was filed before, sent again: %+v, %v", again, err)
	}
	if err := file("one-stop"); err != nil {
		t.Errorf("the pilot unit: %v", err)
	}
	d.done("reception", before, dossier.AcceptDossier{}) // what was filed goes on
	switches, err := d.Procedures().Switches(t.Context(), openProcedure)
	if err != nil || len(switches) != 2 || switches[0].Unit != "" || switches[0].Open || !switches[1].Open {
		t.Errorf("%+v, %v", switches, err)
	}
	if _, err := d.TurnSwitch(t.Context(), d.as("catalogue"), procedure.Turn{Procedure: "nothing", Open: true, Reason: procedure.Pilot, Basis: "1"}, d.envelope("")); !errors.Is(err, handlers.ErrNoProcedure) {
		t.Errorf("a switch of nothing: %v", err)
	}
}

func TestAChannelThatIsNotOfferedAndAProcedureThatIsNotValidRefuseAFiling(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	counter := strings.Replace(string(renewal("2/QĐ", "2026-01-01", "3")), `["online", "counter", "post"]`, `["counter"]`, 1)
	if _, err := d.publishProcedure("catalogue", []byte(counter)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("{}"), filing); refusalCode(err) != "channel_not_offered" {
		t.Errorf("online: %v", err)
	}
	early := filing
	early.Procedure = "beekeeping-cert"
	future := strings.NewReplacer(`"id": "vet-practice-cert-renew"`, `"id": "beekeeping-cert"`).Replace(string(renewal("1/QĐ", "2099-01-01", "3")))
	if _, err := d.publishProcedure("catalogue", []byte(future)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("{}"), early); refusalCode(err) != "procedure_not_valid_yet" {
		t.Errorf("before it is valid: %v", err)
	}
	if _, err := d.WithdrawProcedure(t.Context(), d.as("catalogue"), openProcedure, "9/QĐ", calendar.On(2026, 1, 1), calendar.On(2026, 1, 2), d.envelope("")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("{}"), filing); refusalCode(err) != "procedure_withdrawn" {
		t.Errorf("after it was withdrawn: %v", err)
	}
}

func TestAllThatShipsIsPublishedOnceAndListed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for range 2 {
		if err := d.PublishShipped(t.Context(), d.as("catalogue"), "shipped"); err != nil {
			t.Fatal(err)
		}
	}
	head, err := d.journal.Head(t.Context())
	if err != nil || head != 2*54 {
		t.Errorf("%d events, want 54 entries of the list and 54 versions, %v", head, err)
	}
	another := strings.Replace(string(renewal("1/QĐ", "2026-01-01", "3")), `"id": "vet-practice-cert-renew"`, `"id": "beekeeping-cert"`, 1)
	if _, err := d.publishProcedure("catalogue", []byte(another)); err != nil {
		t.Fatal(err)
	}
	all := d.Procedures().All(t.Context())
	if n := len(all.Today()); n != 55 {
		t.Errorf("%d procedures are listed", n)
	}
	if _, known := all.Version("beekeeping-cert", 1); !known {
		t.Error("a procedure that does not ship is not listed")
	}
}

func TestWithoutAJournalTheCatalogueIsWhatShips(t *testing.T) {
	if n := len(handlers.ShippedCatalogue().Today()); n != 54 {
		t.Errorf("%d procedures", n)
	}
}

func TestWhatAnotherProcessPublishedCountsWithinASecond(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.submitted()
	other := handlers.NewExecutor(d.journal, handlers.ExecutorOptions{CommandKey: []byte("test")})
	for _, file := range [][]byte{procedure.Shipped()[openProcedure], renewal("2/QĐ", "2026-01-01", "7")} {
		if _, err := other.PublishProcedure(t.Context(), d.as("catalogue"), file, d.envelope(string(file))); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the new version is filed under", func() bool {
		s, err := d.state(d.submitted())
		return err == nil && s.ProcedureVersion == 2
	})
}
