package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/eventstore"
	"dossier/handlers"
)

// ago is the day so many days before today where the agency is.
func ago(days int) string {
	return (calendar.DateOf(time.Now(), handlers.Zone()) - calendar.Date(days)).String()
}

// changedFile is the shipped organisation with other words in it.
func changedFile(t *testing.T, oldnew ...string) []byte {
	t.Helper()
	text := string(organisation.Shipped())
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("the shipped organisation has no %q", oldnew[i])
		}
		text = strings.Replace(text, oldnew[i], oldnew[i+1], 1)
	}
	return []byte(text)
}

func (d *desk) apply(file []byte) handlers.AppliedOrganisation {
	d.t.Helper()
	done, err := d.ApplyOrganisation(d.t.Context(), d.as("admin"), file, d.envelope(string(file)))
	if err != nil {
		var m handlers.Mistakes
		errors.As(err, &m)
		d.t.Fatalf("apply: %v %v", err, m)
	}
	return done
}

func TestTheShippedOrganisationIsAppliedOnceAndAgainChangesNothing(t *testing.T) {
	t.Parallel()
	if m := handlers.CheckOrganisation(organisation.Shipped(), calendar.DateOf(time.Now(), handlers.Zone())); len(m) > 0 {
		t.Fatal(m)
	}
	d := newDesk(t)
	would, err := d.PreviewOrganisation(t.Context(), d.as("admin"), organisation.Shipped())
	if head, _ := d.journal.Head(t.Context()); err != nil || head != 0 || would.Version != 0 {
		t.Fatalf("a preview wrote %d events: %+v, %v", head, would, err)
	}
	first := d.apply(organisation.Shipped())
	if first.Version < 40 || int64(len(first.Changes)) != first.Version || len(would.Changes) != len(first.Changes) {
		t.Errorf("version %d, %d changes, %d foreseen", first.Version, len(first.Changes), len(would.Changes))
	}
	again := d.apply(organisation.Shipped())
	if again.Version != first.Version || len(again.Changes) != 0 {
		t.Errorf("again: version %d, %d changes", again.Version, len(again.Changes))
	}
	o, err := d.Organisation().Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(o.Plan) // what is shown is a file too
	if err != nil {
		t.Fatal(err)
	}
	if done := d.apply(whole); len(done.Changes) != 0 {
		t.Errorf("what was shown changes %+v", done.Changes)
	}
}

func TestABrokenOrganisationIsRefusedWithItsLinesAndChangesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(organisation.Shipped())
	before, _ := d.journal.Head(t.Context())
	file := changedFile(t, "{role: clerk, unit: registry}", "{role: king, unit: registry}", "basis: 2/QĐ-BNNMT", "basis: \"\"")
	_, err := d.ApplyOrganisation(t.Context(), d.as("admin"), file, d.envelope(string(file)))
	var mistakes handlers.Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) != 2 || mistakes[0].Path != "accounts[6].posts[0].role" || mistakes[1].Path != "delegations[1].basis" {
		t.Fatalf("%v", err)
	}
	for _, m := range mistakes {
		line := strings.Split(string(file), "\n")[m.Line-1]
		if !strings.Contains(line, "king") && !strings.Contains(line, "tl-forestry-2026") {
			t.Errorf("%s is said of line %d: %s", m.Path, m.Line, line)
		}
	}
	if status, p := handlers.Problem(err); status != 422 || p.Code != "file_mistakes" {
		t.Errorf("%d %s", status, p.Code)
	}
	for _, broken := range []string{"", "accounts: [", "a: 1\n---\nb: 2\n", "code: mae\nboss: x\n", "code: &a mae\nname_vi: *a\n"} {
		if _, err := d.ApplyOrganisation(t.Context(), d.as("admin"), []byte(broken), d.envelope(broken)); !errors.As(err, &mistakes) {
			t.Errorf("%q: %v", broken, err)
		}
	}
	if after, _ := d.journal.Head(t.Context()); after != before {
		t.Errorf("%d events were written", after-before)
	}
}

func TestOnlyTheSystemAdministratorAppliesAndOnlyWhileInOffice(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	for _, a := range w.login.Accounts() {
		_, err := w.ApplyOrganisation(t.Context(), a.Actor(), organisation.Shipped(), w.envelope(a.Account))
		if (err == nil) != (a.Role == domain.SystemAdmin) {
			t.Errorf("%s: %v", a.Account, err)
		}
	}
	next := changedFile(t, "{account: admin, from: 2025-03-01,", "{account: admin, from: 2025-03-01, to: "+ago(1)+",",
		"{role: procedure_controller, unit: leadership}", "{role: procedure_controller, unit: leadership}, {role: system_admin, unit: it}")
	w.apply(next)
	if _, err := w.ApplyOrganisation(t.Context(), w.as("admin"), organisation.Shipped(), w.envelope("back")); refusalCode(err) != organisation.AccountNotValid {
		t.Errorf("who is gone: %v", err)
	}
	if e := w.entries()[0]; e.Command != "apply-organisation" || e.Rule != organisation.AccountNotValid || e.By.Account != "admin" {
		t.Errorf("recorded: %+v", e)
	}
	if _, err := w.ApplyOrganisation(t.Context(), domain.Actor{Account: "controller", Role: domain.SystemAdmin, Unit: handlers.UnitIT}, next, w.envelope("new")); err != nil {
		t.Errorf("who came: %v", err)
	}
}

func TestAnActorWhomTheOrganisationDoesNotAdmitIsRefusedAndThatIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	id := w.submitted()
	w.apply(changedFile(t, "{account: reception, from: 2025-03-01,", "{account: reception, from: 2025-03-01, to: "+ago(1)+",",
		"{role: fee_officer, unit: one-stop}", "{role: fee_officer, unit: one-stop, to: "+ago(1)+"}, {role: reception_officer, unit: one-stop, from: "+ago(0)+"}"))
	before := len(w.entries())
	tests := []struct {
		actor domain.Actor
		rule  string
	}{
		{w.as("reception"), organisation.AccountNotValid},
		{domain.Actor{Account: "stranger", Role: domain.ReceptionOfficer, Unit: handlers.UnitOneStop}, organisation.AccountUnknown},
		{domain.Actor{Account: "clerk", Role: domain.ReceptionOfficer, Unit: handlers.UnitOneStop}, organisation.RoleNotHeld},
		{domain.Actor{Account: "fees", Role: domain.ReceptionOfficer, Unit: handlers.UnitRegistry}, organisation.RoleNotHeld},
		{domain.Actor{Account: "fees", Role: domain.FeeOfficer, Unit: handlers.UnitOneStop}, handlers.NotAllowed}, // the role could not accept anyway
	}
	for i, test := range tests {
		_, err := w.Do(t.Context(), test.actor, id, w.envelope("{}"), dossier.AcceptDossier{})
		status, _ := handlers.Problem(err)
		if refusalCode(err) != test.rule || status != 403 {
			t.Errorf("%+v: %d %v", test.actor, status, err)
		}
		entries := w.entries()
		if e := entries[0]; len(entries) != before+i+1 || e.Rule != test.rule || e.Command != "accept" || e.By != test.actor || *e.Dossier != id {
			t.Errorf("recorded: %+v", e)
		}
	}
	if facts, err := w.Facts(t.Context(), id); err != nil || len(facts) != 1 {
		t.Errorf("%d facts, %v", len(facts), err)
	}
	if _, err := w.Do(t.Context(), domain.Actor{Account: "fees", Role: domain.ReceptionOfficer, Unit: handlers.UnitOneStop}, id, w.envelope("{}"), dossier.AcceptDossier{}); err != nil {
		t.Errorf("in the role held today: %v", err)
	}
	if _, err := w.PublishCalendar(t.Context(), domain.Actor{Account: "clerk", Role: domain.CatalogueAdmin, Unit: handlers.UnitLeadership}, "vn", calendar.Shipped()["vn"], w.envelope("c")); refusalCode(err) != organisation.RoleNotHeld {
		t.Errorf("a calendar by one who does not hold the role: %v", err)
	}
	batch := handlers.BulkPlan{Command: "accept", IDs: []string{id.String()}}
	if _, err := w.bulk(handlers.BulkOptions{}).Plan(t.Context(), w.as("reception"), batch, w.envelope("{}")); refusalCode(err) != organisation.AccountNotValid {
		t.Errorf("a batch by an account whose days are over: %v", err)
	}
}

func TestWithoutAnOrganisationAccountsAreBelievedAsTheySignIn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submitted()
	if _, err := d.Do(t.Context(), domain.Actor{Account: "stranger", Role: domain.ReceptionOfficer, Unit: "somewhere"}, id, d.envelope("{}"), dossier.AcceptDossier{}); err != nil {
		t.Error(err)
	}
}

func TestWhatOneProcessAppliesBindsTheOthersWithinASecond(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	other := *d
	other.Executor = handlers.NewExecutor(d.journal, handlers.ExecutorOptions{CommandKey: []byte("test")})
	d.apply(organisation.Shipped())
	if err := other.Admits(t.Context(), d.as("clerk")); err != nil {
		t.Fatal(err)
	}
	d.apply(changedFile(t, "{account: clerk, from: 2025-03-01,", "{account: clerk, from: 2025-03-01, to: "+ago(1)+","))
	if err := d.Admits(t.Context(), d.as("clerk")); refusalCode(err) != organisation.AccountNotValid {
		t.Errorf("the process that applied it: %v", err)
	}
	eventually(t, "the other process hears of it", func() bool {
		return refusalCode(other.Admits(t.Context(), d.as("clerk"))) == organisation.AccountNotValid
	})
}

func TestADatabaseThatHangsIsAskedOnceForACrowdAndEachIsToldToComeAgain(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	lock, err := w.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback(context.Background()) }()
	if _, err := lock.Exec(t.Context(), `lock table journal.events in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	var crowd sync.WaitGroup
	for range 100 {
		crowd.Go(func() {
			if err := w.Admits(t.Context(), w.as("clerk")); !errors.Is(err, eventstore.ErrBusy) {
				t.Errorf("told %v", err)
			}
		})
	}
	var most int
	asked := make(chan struct{})
	go func() { crowd.Wait(); close(asked) }()
	for waiting := true; waiting; {
		var n int
		if err := w.db.Owner.QueryRow(t.Context(), `
			select count(*) from pg_stat_activity
			 where datname = current_database() and usename = 'dossier_app' and wait_event_type = 'Lock' and query like '%read_events%'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		most = max(most, n)
		select {
		case <-asked:
			waiting = false
		case <-time.After(20 * time.Millisecond):
		}
	}
	if most != 1 {
		t.Errorf("%d sessions waited for the organisation, want 1", most)
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is known again", func() bool { return w.Admits(t.Context(), w.as("clerk")) == nil })
}

func TestADelegateOfTheOrganisationDecidesAndSignsAndThePaperSaysForWhom(t *testing.T) {
	t.Parallel()
	const head = "head-2"
	order := fmt.Sprintf("  - {code: tl-renewal, kind: tl, by: approver, to: %s, from: %s, until: %s, procedures: [%s], basis: 4/QĐ-BNNMT}\n", head, ago(30), ago(-30), openProcedure)
	over := strings.Replace(order, ago(-30), ago(1), 1)
	other := strings.Replace(order, openProcedure, "timber-list-confirm", 1)
	tests := []struct {
		name, delegation, refusal string
	}{
		{"without a delegation", "", "not_delegated"},
		{"under one whose time is over", over, "not_delegated"},
		{"under one for other procedures", other, "not_delegated"},
		{"under one that covers procedure and moment", order, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			id := d.appraised()
			d.apply([]byte(string(organisation.Shipped()) + test.delegation))
			send := func(c dossier.Command) (handlers.Receipt, error) {
				facts, err := d.Facts(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				e, seen := d.envelope("{}"), int64(len(facts))
				e.Expected = &seen
				return d.Do(t.Context(), d.as(head), id, e, c)
			}
			_, err := send(dossier.Approve{Outcome: dossier.Grant})
			if test.refusal != "" {
				if err == nil || refusalCode(err) != test.refusal {
					t.Errorf("%v, want %s", err, test.refusal)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := send(dossier.SignResult{}); err != nil {
				t.Fatal(err)
			}
			facts, err := d.Facts(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			decided, signed := facts[len(facts)-2].Event.(dossier.DecisionApproved), facts[len(facts)-1].Event.(dossier.ResultSigned)
			if decided.Block != "tl" || decided.For != "approver" || signed.Block != "tl" || signed.For != "approver" || facts[len(facts)-1].Meta.Actor != head {
				t.Errorf("%+v %+v by %s", decided, signed, facts[len(facts)-1].Meta.Actor)
			}
		})
	}
}

func TestTheOrganisationIsReadAsItWasKnown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if o, err := d.Organisation().KnownAt(t.Context(), handlers.Moment{Time: time.Now()}); err != nil || o.Exists() {
		t.Errorf("before anything was applied: %+v, %v", o, err)
	}
	first := d.apply(organisation.Shipped())
	d.apply(changedFile(t, "{account: clerk, from: 2025-03-01,", "{account: clerk, from: 2025-03-01, to: "+ago(1)+","))
	today := calendar.DateOf(time.Now(), handlers.Zone())
	valid := func(o organisation.Organisation, on calendar.Date) bool {
		_, known := o.On(on).AccountOf("clerk")
		return known
	}
	then, err := d.Organisation().KnownAt(t.Context(), handlers.Moment{Position: first.Version}) // of a journal that holds nothing else
	if err != nil || then.Version != first.Version || !valid(then, today) {
		t.Errorf("as it was known then: version %d, %v", then.Version, err)
	}
	now, err := d.Organisation().KnownAt(t.Context(), handlers.Moment{Time: time.Now().Add(time.Minute)})
	if err != nil || now.Version != first.Version+1 || valid(now, today) || !valid(now, today-1) {
		t.Errorf("as it is known now: version %d, %v", now.Version, err)
	}
}

// receptionOf is who may accept what was filed at a unit: a dossier of another agency is not there.
func receptionOf(unit string) string {
	for _, agency := range []string{"lam-dong", "an-giang"} {
		if strings.HasPrefix(unit, agency) {
			return agency + "-reception"
		}
	}
	return "reception"
}

func TestADossierIsNumberedByTheAgencyOfItsUnitUnlessTheSettingSaysOtherwise(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(organisation.Shipped())
	at := func(x *desk, unit string) string {
		c := filing
		c.Channel, c.Unit = dossier.Counter, dossier.Code(unit)
		r, err := x.Submit(t.Context(), d.as("reception"), d.envelope("{}"), c)
		if err != nil {
			t.Fatal(err)
		}
		if r.Code == nil {
			r = x.done(receptionOf(unit), r.ID, dossier.AcceptDossier{})
			return "at acceptance " + *r.Code
		}
		return *r.Code
	}
	said := d.numbering("one-stop=H15.50 circular-01-2018", nil)
	for _, test := range []struct {
		by           *desk
		unit, prefix string
	}{
		{d, handlers.UnitOneStop, "000.00.00.G10-"}, {d, "lam-dong-one-stop", "000.00.12.H36-"}, {d, "an-giang-one-stop", "at acceptance 000.00.12.H01-"}, {d, "elsewhere", "000.00.00.H00-"},
		{said, handlers.UnitOneStop, "H15.50-"}, {said, "lam-dong-one-stop", "000.00.00.H00-"},
	} {
		if got := at(test.by, test.unit); !strings.HasPrefix(got, test.prefix) {
			t.Errorf("%s: %s, want %s", test.unit, got, test.prefix)
		}
	}
}

func TestLimitsAreCountedByTheCalendarAndTheHoursOfTheAgency(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.apply(changedFile(t, "parent: mae, zone: Asia/Ho_Chi_Minh, calendar: vn, codes: {identifier: 000.00.12.H36", "parent: mae, zone: Asia/Ho_Chi_Minh, calendar: highland, codes: {identifier: 000.00.12.H36"))
	vn := string(calendar.Shipped()["vn"])
	hours := `"hours": [{"agency": "an-giang", "from": "2020-01-01", "basis": "own", "week": {"mon": ["08:00-10:00"], "tue": ["08:00-10:00"], "wed": ["08:00-10:00"], "thu": ["08:00-10:00"], "fri": ["08:00-10:00"]}}, `
	for code, file := range map[string]string{"vn": strings.Replace(vn, `"hours": [`, hours, 1), "highland": strings.Replace(vn, `"code": "vn"`, `"code": "highland"`, 1)} {
		if _, err := d.publish("catalogue", code, file); err != nil {
			t.Fatal(err)
		}
	}
	check := map[string]time.Time{} // until when the reception is to look at it: 8 working hours
	for unit, want := range map[string]string{handlers.UnitOneStop: "vn one-stop", "lam-dong-one-stop": "highland lam-dong-one-stop", "an-giang-one-stop": "vn an-giang", "elsewhere": "vn elsewhere"} {
		c := filing
		c.Channel, c.Unit = dossier.Counter, dossier.Code(unit)
		r, err := d.Submit(t.Context(), d.as("reception"), d.envelope("{}"), c)
		if err != nil {
			t.Fatal(err)
		}
		s, err := d.state(r.ID)
		if err != nil {
			t.Fatal(err)
		}
		timers, err := d.Running(t.Context(), s)
		if err != nil || len(timers) != 1 || timers[0].Due.IsZero() {
			t.Fatalf("%s: timers %+v, %v", unit, timers, err)
		}
		check[unit] = timers[0].Due
		d.done(receptionOf(unit), r.ID, dossier.AcceptDossier{})
		s, err = d.state(r.ID)
		if got := string(s.Clock.Term.Calendar + " " + s.Clock.Term.Agency); err != nil || got != want || s.Due.IsZero() {
			t.Errorf("%s is counted by %s, due %s, %v", unit, got, s.Due, err)
		}
	}
	if whole, short := check[handlers.UnitOneStop], check["an-giang-one-stop"]; short.Before(whole.Add(48 * time.Hour)) {
		t.Errorf("8 working hours end at %s where a day has two of them, and at %s where it has eight", short, whole)
	}
}

func TestTheDevelopmentLoginFollowsTheOrganisation(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	login := handlers.NewDevLogin().Follow(d.Executor)
	if a, known := login.Account("clerk"); !known || a.Role != domain.Clerk {
		t.Errorf("before anything is applied: %+v", a)
	}
	d.apply(changedFile(t, "{role: return_officer, unit: one-stop}", "{role: return_officer, unit: one-stop}, {role: clerk, unit: registry}",
		"{account: clerk, from: 2025-03-01,", "{account: clerk, from: 2025-03-01, to: "+ago(1)+",", "{account: fees,", "{account: money,"))
	for name, want := range map[string]string{"money": "fee_officer", "return": "return_officer", "return/clerk": "clerk", "clerk": "clerk", "applicant-1": "applicant"} {
		if a, known := login.Account(name); !known || string(a.Role) != want {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for _, name := range []string{"fees", "return/approver", "applicant-1/clerk", ""} {
		if a, known := login.Account(name); known {
			t.Errorf("%s: %+v", name, a)
		}
	}
	for _, a := range login.Accounts() {
		if a.Account == "clerk" {
			t.Error("an account whose validity is over is offered")
		}
	}
}
