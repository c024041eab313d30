package handlers_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/escalation"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/migrations"
	"dossier/migrations/dbtest"
	"dossier/projections"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// tower is an authority whose clock the test sets, forward and back; its views follow.
type tower struct {
	*desk
	db    *dbtest.DB
	views *projections.Views
	mu    sync.Mutex
	now   time.Time
}

var monday = time.Date(2026, 11, 23, 7, 32, 0, 0, time.UTC)

func newTower(t *testing.T, with ...func(*tower, *handlers.ExecutorOptions)) *tower {
	t.Helper()
	w := &tower{db: dbtest.New(t), now: monday}
	if err := migrations.Simulated(t.Context(), w.db.OwnerURL); err != nil {
		t.Fatal(err)
	}
	j, err := eventstore.Open(t.Context(), w.db.App, eventstore.Options{Simulated: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	o := handlers.ExecutorOptions{CommandKey: []byte("test"), Now: w.clock}
	for _, set := range with {
		set(w, &o)
	}
	w.desk = &desk{Executor: handlers.NewExecutor(j, o), t: t, journal: j, login: handlers.NewDevLogin()}
	w.views = projections.NewViews(w.db.App, j)
	machine := domain.Actor{Account: "importer", Role: domain.System}
	if _, err := w.PublishCalendar(t.Context(), machine, "vn", calendar.Shipped()["vn"], w.envelope("")); err != nil {
		t.Fatal(err)
	}
	engine := projections.NewEngine(w.db.App, j, projections.Options{NoKafka: true, Patience: 50 * time.Millisecond})
	w.background(engine.Run)
	return w
}

// background runs until the test ends.
func (w *tower) background(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = run(ctx) }()
	stop = func() { cancel(); <-done }
	w.t.Cleanup(stop)
	return stop
}

func (w *tower) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *tower) set(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

func (w *tower) pass(d time.Duration) { w.set(w.clock().Add(d)) }

func (w *tower) keeper(o handlers.TimekeeperOptions) *handlers.Timekeeper {
	return handlers.NewTimekeeper(w.Executor, w.views, w.db.App, o)
}

// look lets a timekeeper tell what is used up, once the views are there.
func (w *tower) look(k *handlers.Timekeeper) int {
	w.t.Helper()
	w.arrive()
	n, err := k.Pass(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *tower) arrive() {
	w.t.Helper()
	head, err := w.journal.Head(w.t.Context())
	if err == nil {
		err = w.views.Wait(w.t.Context(), head, nil)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *tower) submit() uuid.UUID {
	w.t.Helper()
	r, err := w.Submit(w.t.Context(), w.as("applicant-1"), w.envelope("{}"), dossier.SubmitDossier{Procedure: openProcedure, Channel: dossier.Online, Applicant: "applicant-1", Unit: "one-stop"})
	if err != nil {
		w.t.Fatal(err)
	}
	return r.ID
}

func (w *tower) do(who string, id uuid.UUID, c dossier.Command) error {
	_, err := w.Do(w.t.Context(), w.as(who), id, w.envelope("{}"), c)
	return err
}

// told lists what was told about a dossier, in order.
func (w *tower) told(id uuid.UUID) (all []string) {
	w.t.Helper()
	for _, e := range w.firings(id) {
		all = append(all, fmt.Sprintf("%s %d %s", e.Timer, e.Share, e.Notice))
	}
	return all
}

func (w *tower) firings(id uuid.UUID) (all []dossier.TimerFired) {
	w.t.Helper()
	facts, err := w.Facts(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range facts {
		if e, is := f.Event.(dossier.TimerFired); is {
			all = append(all, e)
		}
	}
	return all
}

func TestWhoeverIsNamedIsToldAsALimitIsUsedUp(t *testing.T) {
	w := newTower(t)
	k := w.keeper(handlers.TimekeeperOptions{})
	id := w.submit()
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, ""},
		{119 * time.Minute, ""},
		{time.Minute, "reception 25 alert"}, // two working hours after 14:32: the system alerts the officer
		{0, "reception 25 alert"},           // once
		{48 * time.Hour, "reception 25 alert, reception 75 due_soon, reception 100 due"}, // 16:32 on Wednesday; Tuesday is Culture Day
	} {
		w.pass(c.after)
		w.look(k)
		if got := strings.Join(w.told(id), ", "); got != c.want {
			t.Fatalf("%s on: told %s, want %s", c.after, got, c.want)
		}
	}
	if e := w.firings(id)[0]; e.Basis != "nd-118-2025.17.2" || e.Rule != "reception" || !slices.Equal(e.Tells, []dossier.Code{"reception_officer"}) || !e.At.Equal(monday.Add(2*time.Hour)) {
		t.Errorf("told %+v", e)
	}
	if err := w.do("reception", id, dossier.AcceptDossier{}); err != nil {
		t.Fatal(err)
	}
	w.pass(30 * 24 * time.Hour)
	w.look(k)
	if got := w.told(id)[3:]; strings.Join(got, ", ") != "processing 50 due_soon, processing 80 due_soon, processing 100 due, processing 120 overdue" {
		t.Errorf("after a month: %v", got)
	}
	if n := w.look(k); n != 0 {
		t.Errorf("told %d times more", n)
	}
	if report, err := projections.Verify(t.Context(), w.db.App, w.journal, nil); err != nil || report.Difference != nil {
		t.Errorf("verify: %v, %v", report.Difference, err)
	}
}

func TestTheHolderOfAPaperThatRunsOutIsRemindedOnce(t *testing.T) {
	w := newTower(t)
	k := w.keeper(handlers.TimekeeperOptions{})
	kept, revoked := w.licensed(), w.licensed()
	w.look(k)
	issued := w.clock()
	s, err := w.state(kept)
	if err != nil {
		t.Fatal(err)
	}
	until, _ := s.Papers[0].Reminder()
	if err := w.do("approver", revoked, dossier.RevokeResult{Paper: 1, Reason: "false_papers", Decision: "qd-1", Basis: "nd-118-2025.23"}); err != nil {
		t.Fatal(err)
	}
	w.set(until.Add(-time.Hour))
	w.look(k)
	if got := w.told(kept); len(got) > 0 || !until.After(issued.AddDate(0, 1, 0)) {
		t.Errorf("to be reminded at %v, told %v before", until, got)
	}
	w.pass(2 * time.Hour)
	w.look(k)
	if n := w.look(k); n != 0 {
		t.Errorf("told %d times more", n)
	}
	if got := w.firings(kept); len(got) != 1 || got[0].Timer != dossier.RenewalTimer || got[0].Number != 1 || !slices.Contains(got[0].Tells, "applicant") {
		t.Errorf("told %+v", got)
	}
	if got := w.told(revoked); len(got) > 0 {
		t.Errorf("told %v of a paper that was revoked", got)
	}
	if report, err := projections.Verify(t.Context(), w.db.App, w.journal, nil); err != nil || report.Difference != nil {
		t.Errorf("verify: %v, %v", report.Difference, err)
	}
}

// licensed is a dossier whose paper runs out one day.
func (w *tower) licensed() uuid.UUID {
	w.t.Helper()
	r, err := w.Submit(w.t.Context(), w.as("applicant-1"), w.envelope("{}"), dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Online, Applicant: "applicant-1", Unit: "one-stop"})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, step := range []struct {
		who  string
		what dossier.Command
	}{
		{"reception", dossier.AcceptDossier{}}, {"reception", dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth}}, {"head", dossier.AssignOfficer{Officer: "officer-1"}},
		{"officer-1", dossier.StartAppraisal{}}, {"officer-1", dossier.SubmitForApproval{Proposal: dossier.Grant}},
	} {
		if err := w.do(step.who, r.ID, step.what); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, step := range []struct {
		who  string
		what dossier.Command
	}{{"approver", dossier.Approve{Outcome: dossier.Grant}}, {"approver", dossier.SignResult{}}, {"clerk", dossier.NumberResult{}}, {"clerk", dossier.IssueResult{}}} {
		s, err := w.state(r.ID)
		if err != nil {
			w.t.Fatal(err)
		}
		e := w.envelope("{}")
		e.Expected = &s.Version
		if _, err := w.Do(w.t.Context(), w.as(step.who), r.ID, e, step.what); err != nil {
			w.t.Fatal(err)
		}
	}
	return r.ID
}

func TestWhatTheDossierHasLeftBehindIsNotTold(t *testing.T) {
	w := newTower(t)
	k := w.keeper(handlers.TimekeeperOptions{})
	id := w.submit()
	w.look(k)
	if err := w.do("reception", id, dossier.RefuseReception{Reason: "wrong_agency", Basis: "nd-118-2025.17.1"}); err != nil {
		t.Fatal(err)
	}
	w.pass(90 * 24 * time.Hour)
	w.look(k)
	if got := w.told(id); len(got) > 0 {
		t.Errorf("told %v of a dossier that was refused", got)
	}
}

func TestAfterAClockThatRanAheadIsSetBackNothingIsForgottenOrToldTwice(t *testing.T) {
	w := newTower(t)
	k := w.keeper(handlers.TimekeeperOptions{})
	first, second := w.submit(), uuid.Nil
	w.look(k)
	w.pass(72 * time.Hour) // ahead
	w.look(k)
	if len(w.told(first)) != 4 {
		t.Fatalf("the clock ran ahead: told %v", w.told(first))
	}
	w.set(monday.Add(time.Hour)) // and back
	w.look(k)
	second = w.submit()
	w.look(k)
	w.pass(72 * time.Hour)
	w.look(k)
	if len(w.told(first)) != 4 || len(w.told(second)) < 3 {
		t.Errorf("told %v and %v", w.told(first), w.told(second))
	}
}

func TestANewCalendarOrNewRulesAreGoneByAtOnce(t *testing.T) {
	w := newTower(t)
	id := w.submit()
	w.look(w.keeper(handlers.TimekeeperOptions{}))
	w.pass(time.Hour)
	rules, mistakes := escalation.Read([]byte(`{"code": "ours", "rules": [{"code": "quick", "timer": "reception", "from": "2020-01-01", "assumed": true, "steps": [
		{"share": 10, "notice": "alert", "tells": ["one_stop_lead"]}]}]}`))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	w.look(w.keeper(handlers.TimekeeperOptions{Rules: rules}))
	if got := w.told(id); !slices.Equal(got, []string{"reception 10 alert"}) {
		t.Errorf("told %v", got)
	}
}

func TestTimekeepersTakeTurnsAndOneThatIsKilledIsReplaced(t *testing.T) {
	w := newTower(t)
	fast := handlers.TimekeeperOptions{Every: 10 * time.Millisecond, Lease: 300 * time.Millisecond}
	killed, err := projections.TakeTimers(t.Context(), w.db.App, "killed", 500*time.Millisecond) // and says no more
	if err != nil || killed == nil {
		t.Fatal(err)
	}
	a, b := w.keeper(fast), w.keeper(fast)
	id := w.submit()
	w.pass(2 * time.Hour)
	stopA := w.background(a.Run)
	if got := w.told(id); len(got) > 0 && killed.Held() {
		t.Errorf("told %v while another holds the lease", got)
	}
	eventually(t, "a leads and tells", func() bool { return a.Status().Leading && len(w.told(id)) == 1 })
	w.background(b.Run)
	w.pass(72 * time.Hour)
	eventually(t, "the rest is told", func() bool { return len(w.told(id)) == 4 })
	if b.Status().Leading || b.Fired() > 0 {
		t.Error("two timekeepers lead at once")
	}
	stopA()
	eventually(t, "b leads", func() bool { return b.Status().Leading })
	told, at, alive, err := projections.TimekeeperTold(t.Context(), w.db.App)
	if err != nil || !alive || at.IsZero() || told.Trouble != "" || told.Stuck > 0 {
		t.Errorf("told %+v at %v, alive %v, %v", told, at, alive, err)
	}
}

func TestADossierThatCannotBeToldOfIsToldAsStuckAndHoldsUpNobody(t *testing.T) {
	w := newTower(t)
	k := w.keeper(handlers.TimekeeperOptions{Every: 10 * time.Millisecond})
	bad, good := w.submit(), w.submit()
	w.arrive()
	if _, err := w.db.Owner.Exec(t.Context(), `
		create function public.refuse_timer() returns trigger language plpgsql as $$ begin raise exception 'not today'; end $$;
		create trigger refuse_timer before insert on journal.events for each row when (new.type = 'dossier.timer-fired' and new.stream_id = '`+bad.String()+`') execute function public.refuse_timer()`); err != nil {
		t.Fatal(err)
	}
	w.pass(2 * time.Hour)
	w.background(k.Run)
	eventually(t, "the other one is told of", func() bool { return len(w.told(good)) == 1 })
	eventually(t, "the bad one is stuck", func() bool { s := k.Status(); return s.Stuck == 1 && s.Trouble != "" })
	eventually(t, "every process knows", func() bool {
		told, _, alive, err := projections.TimekeeperTold(t.Context(), w.db.App)
		return err == nil && alive && told.Stuck == 1 && told.Trouble != ""
	})
	if _, err := w.db.Owner.Exec(t.Context(), `create or replace function public.refuse_timer() returns trigger language plpgsql as $$ begin return new; end $$`); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Minute)
	eventually(t, "it is told once it can be", func() bool { return len(w.told(bad)) == 1 && k.Status().Stuck == 0 })
}

// TestAHundredThousandTimersAtOnceAreLookedAtInPages: rows of dossiers that are gone stand before those that are told.
func TestAHundredThousandTimersAtOnceAreLookedAtInPages(t *testing.T) {
	if os.Getenv("DOSSIER_TEST_LONG") == "" {
		t.Skip("takes long: make test-long")
	}
	w := newTower(t)
	id := w.submit()
	w.arrive()
	if _, err := w.db.Owner.Exec(t.Context(), `
		insert into views.timers_v1 (id, kind, number, started, due, limited, next_at)
		select gen_random_uuid(), 'processing', 0, now(), now(), '', '2020-01-01' from generate_series(1, 100000)`); err != nil {
		t.Fatal(err)
	}
	w.pass(2 * time.Hour)
	runtime.GC()
	var before, during runtime.MemStats
	runtime.ReadMemStats(&before)
	peak := before.HeapAlloc
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := w.keeper(handlers.TimekeeperOptions{}).Pass(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-time.After(20 * time.Millisecond):
			runtime.ReadMemStats(&during)
			peak = max(peak, during.HeapAlloc)
		}
	}
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 64<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
	if got := w.told(id); len(got) != 1 {
		t.Errorf("told %v", got)
	}
}

// TestLawEachTimerIsToldOnceOrWasMadePointless lets dossiers live at random under a clock that jumps both ways, with two timekeepers that
// are replaced at any moment and look at the same time.
func TestLawEachTimerIsToldOnceOrWasMadePointless(t *testing.T) {
	w := newTower(t)
	rapid.Check(t, func(r *rapid.T) {
		a, b := w.keeper(handlers.TimekeeperOptions{Page: 3}), w.keeper(handlers.TimekeeperOptions{Page: 5})
		var ids []uuid.UUID
		for range rapid.IntRange(1, 4).Draw(r, "dossiers") {
			ids = append(ids, w.submit())
		}
		for range rapid.IntRange(3, 20).Draw(r, "happenings") {
			id := rapid.SampledFrom(ids).Draw(r, "dossier")
			switch rapid.IntRange(0, 12).Draw(r, "what") {
			case 0, 1, 2:
				w.pass(time.Duration(rapid.IntRange(1, 200).Draw(r, "hours")) * time.Hour)
			case 3:
				w.pass(-time.Duration(rapid.IntRange(1, 100).Draw(r, "hours back")) * time.Hour)
			case 4:
				a = w.keeper(handlers.TimekeeperOptions{Page: 2}) // a restart forgets everything
			case 5, 6:
				w.arrive()
				var both sync.WaitGroup
				for _, k := range []*handlers.Timekeeper{a, b} {
					both.Go(func() {
						if _, err := k.Pass(t.Context()); err != nil {
							t.Error(err)
						}
					})
				}
				both.Wait()
			case 7:
				_ = w.do("reception", id, dossier.AcceptDossier{}) // refusals are part of life
			case 8:
				_ = w.do("reception", id, dossier.RequestSupplement{Items: []dossier.Code{"tp-1"}, Reason: "missing"})
			case 9:
				_ = w.do("applicant-1", id, dossier.SubmitSupplement{})
			case 10:
				_ = w.do("reception", id, dossier.ForwardDossier{Unit: "vet-unit"})
			case 11:
				_ = w.do("applicant-1", id, dossier.RequestWithdrawal{})
			case 12:
				_ = w.do("reception", id, dossier.RejectWithdrawal{Reason: "applicant_changed_mind"})
			}
		}
		w.pass(time.Duration(rapid.IntRange(0, 60*24).Draw(r, "at last")) * time.Hour)
		w.look(w.keeper(handlers.TimekeeperOptions{}))
		for _, id := range ids {
			seen := map[string]bool{}
			for _, e := range w.firings(id) {
				once := fmt.Sprint(e.Timer, e.Number, e.Share, e.Due)
				if seen[once] {
					r.Fatalf("%s was told twice: %v", once, w.told(id))
				}
				seen[once] = true
			}
			facts, err := w.Facts(t.Context(), id)
			if err != nil {
				r.Fatal(err)
			}
			ahead, err := w.Upcoming(t.Context(), dossier.Fold(facts))
			if err != nil {
				r.Fatal(err)
			}
			if len(ahead) > 0 && !ahead[0].At.After(w.clock()) {
				r.Fatalf("at %v %s %d is not told: %v", w.clock(), ahead[0].Timer.Kind, ahead[0].Step.Share, w.told(id))
			}
		}
	})
	if report, err := projections.Verify(t.Context(), w.db.App, w.journal, nil); err != nil || report.Difference != nil {
		t.Errorf("verify: %v, %v", report.Difference, err)
	}
}
