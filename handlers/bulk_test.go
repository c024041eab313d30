package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/migrations/dbtest"
	"dossier/projections"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func init() { _ = flag.Set("rapid.checks", "15") } // each makes dossiers of its own; the command line may ask for more

// office is a desk that acts on many dossiers at once.
type office struct {
	*watched
	bulk *handlers.Bulk
}

func newOffice(t *testing.T) *office {
	t.Helper()
	w := newWatched(t)
	return &office{w, w.bulk(handlers.BulkOptions{})}
}

// bulk is another process's bulk over the same journal.
func (w *watched) bulk(o handlers.BulkOptions) *handlers.Bulk {
	return handlers.NewBulk(w.Executor, projections.NewViews(w.db.App, w.journal), o)
}

// plan plans a command for dossiers as an account.
func (o *office) plan(account, command, arguments string, ids ...uuid.UUID) handlers.Batch {
	o.t.Helper()
	b, err := o.tryPlan(account, command, arguments, ids...)
	if err != nil {
		o.t.Fatalf("plan %s: %v", command, err)
	}
	return b
}

func (o *office) tryPlan(account, command, arguments string, ids ...uuid.UUID) (handlers.Batch, error) {
	o.t.Helper()
	p := handlers.BulkPlan{Command: command, Arguments: json.RawMessage(arguments)}
	for _, id := range ids {
		p.IDs = append(p.IDs, id.String())
	}
	return o.bulk.Plan(o.t.Context(), o.as(account), p, o.envelope(fmt.Sprint(p)))
}

// run starts a batch and works on it until there is nothing more.
func (o *office) run(account string, id uuid.UUID, stopAfter int) batch.State {
	o.t.Helper()
	if _, err := o.bulk.Start(o.t.Context(), o.as(account), id, stopAfter, o.envelope("")); err != nil {
		o.t.Fatalf("start: %v", err)
	}
	return o.work(id)
}

func (o *office) work(id uuid.UUID) batch.State {
	o.t.Helper()
	s, err := o.bulk.Work(o.t.Context(), id, nil)
	if err != nil {
		o.t.Fatalf("work: %v", err)
	}
	return s
}

func (o *office) undo(account string, id uuid.UUID, reason string, seen ...string) batch.State {
	o.t.Helper()
	if _, err := o.bulk.Undo(o.t.Context(), o.as(account), id, batch.Undo{Reason: reason, Seen: seen}, o.envelope("")); err != nil {
		o.t.Fatalf("undo: %v", err)
	}
	return o.work(id)
}

// outcomes are those of all items, in order, each with its code.
func (o *office) outcomes(id uuid.UUID) (list []string) {
	o.t.Helper()
	items, err := o.bulk.Items(o.t.Context(), o.as("auditor"), id, handlers.BulkPage{})
	if err != nil {
		o.t.Fatal(err)
	}
	return said(items)
}

func (o *office) dryRun(id uuid.UUID) []string {
	o.t.Helper()
	items, err := o.bulk.DryRun(o.t.Context(), o.as("auditor"), id, handlers.BulkPage{})
	if err != nil {
		o.t.Fatal(err)
	}
	return said(items)
}

func said(items handlers.BulkItems) (list []string) {
	for _, i := range items.Items {
		list = append(list, strings.TrimSpace(string(i.Outcome)+" "+i.Code))
	}
	return list
}

func (o *office) head() int64 {
	o.t.Helper()
	head, err := o.journal.Head(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return head
}

func (o *office) status(id uuid.UUID) dossier.Status {
	o.t.Helper()
	s, _, err := o.AsOf(o.t.Context(), id, handlers.Asked{})
	if err != nil {
		o.t.Fatal(err)
	}
	return s.Status
}

func TestABatchApprovesWhatWasReviewedAndTellsWhatItCouldNot(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	good, changed, early, other := o.appraised(), o.appraised(), o.submitted(), o.appraised()
	b := o.plan("approver", "approve", `{"outcome": "grant"}`, good, changed, early, good, other)
	if b.Total != 4 || b.Duplicates != 1 || b.Phase != batch.PlannedPhase {
		t.Fatalf("planned %+v", b)
	}
	o.done("officer-1", changed, dossier.AddNote{Topic: "other"})

	want := []string{"done", "changed stale", "refused wrong_state", "done"}
	before := o.head()
	if got := o.dryRun(b.ID); !slices.Equal(got, want) {
		t.Errorf("dry run: %q, want %q", got, want)
	}
	if o.head() != before || len(o.entries()) != 0 {
		t.Error("the dry run left something behind")
	}

	s := o.run("approver", b.ID, 0)
	if got := o.outcomes(b.ID); s.Phase != batch.FinishedPhase || !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", s.Phase, got, want)
	}
	if want := map[batch.Outcome]int{batch.Done: 2, batch.Changed: 1, batch.Refused: 1}; !cmp.Equal(s.Counts, want) {
		t.Errorf("counts %v, want %v", s.Counts, want)
	}
	for id, want := range map[uuid.UUID]dossier.Status{good: dossier.Approved, changed: dossier.PendingApproval, early: dossier.Submitted, other: dossier.Approved} {
		if got := o.status(id); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	facts, err := o.Facts(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	if m := facts[len(facts)-1].Meta; m.Batch != b.ID.String() || m.Actor != "approver" {
		t.Errorf("the approval does not name its batch and who planned it: %+v", m)
	}
	if e := o.entries(); len(e) != 1 || e[0].Rule != "wrong_state" || e[0].Command != "approve" || *e[0].Dossier != early {
		t.Errorf("the refusal alone is recorded: %+v", e)
	}
	before = o.head()
	if again := o.run("approver", b.ID, 0); again.Version != s.Version || o.head() != before {
		t.Error("a finished batch did something more")
	}
}

func TestWhatIsLateOrAlreadySoIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	fresh, forwarded := o.submitted(), o.submitted()
	for _, id := range []uuid.UUID{fresh, forwarded} {
		o.done("reception", id, dossier.AcceptDossier{})
	}
	o.done("reception", forwarded, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth})
	b := o.plan("reception", "forward", `{"unit": "animal-health"}`, fresh, forwarded)
	want := []string{"done", "already"}
	if got := o.dryRun(b.ID); !slices.Equal(got, want) {
		t.Errorf("dry run: %q", got)
	}
	o.run("reception", b.ID, 0)
	if got := o.outcomes(b.ID); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}

	for _, id := range []uuid.UUID{fresh, forwarded} {
		o.done("head", id, dossier.AssignOfficer{Officer: "officer-1"})
		o.done("officer-1", id, dossier.StartAppraisal{})
	}
	work := o.plan("officer-1", "begin-work", `{"kind": "laboratory", "unit": "plant-protection"}`, fresh, forwarded)
	if want, got := []string{"late out_of_flow", "late out_of_flow"}, o.dryRun(work.ID); !slices.Equal(got, want) {
		t.Errorf("dry run: %q, want %q", got, want)
	}
	o.run("officer-1", work.ID, 0)
	if want, got := []string{"late out_of_flow", "late out_of_flow"}, o.outcomes(work.ID); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestABatchStopsAfterSoManyRefusalsAndRunsOnWhenStartedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var ids []uuid.UUID
	for i := range 12 {
		id := o.submitted()
		if i%2 == 0 {
			o.done("reception", id, dossier.AcceptDossier{})
		}
		ids = append(ids, id)
	}
	b := o.plan("reception", "forward", `{"unit": "animal-health"}`, ids...)
	s := o.run("reception", b.ID, 2)
	if s.Phase != batch.HaltedPhase || s.Counts[batch.Refused] != 2 {
		t.Fatalf("%s at %d with %v; want halted after 2 refusals", s.Phase, s.Processed, s.Counts)
	}
	if s = o.run("reception", b.ID, 0); s.Phase != batch.FinishedPhase || s.Counts[batch.Refused] != 6 || s.Counts[batch.Done] != 6 {
		t.Errorf("%s with %v", s.Phase, s.Counts)
	}
}

func TestABatchIsPlannedOnceUnderItsKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.submitted()
	p := handlers.BulkPlan{Command: "accept", IDs: []string{id.String()}}
	e := o.envelope("body")
	first, err := o.bulk.Plan(t.Context(), o.as("reception"), p, e)
	if err != nil {
		t.Fatal(err)
	}
	o.done("reception", id, dossier.AcceptDossier{}) // another list would be made of it now
	before := o.head()
	again, err := o.bulk.Plan(t.Context(), o.as("reception"), p, e)
	if err != nil || !again.Repeated || again.List != first.List || o.head() != before {
		t.Errorf("planned again: %+v, %v", again, err)
	}
	e.Body = []byte("another")
	if _, err := o.bulk.Plan(t.Context(), o.as("reception"), p, e); !errors.Is(err, eventstore.ErrCommandReused) {
		t.Errorf("another plan under the key: %v", err)
	}
}

func TestAPlanThatIsWrongSaysWhereAndChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.submitted()
	before := o.head()
	for name, c := range map[string]struct {
		account string
		plan    handlers.BulkPlan
		code    string
	}{
		"a command there is not":           {"reception", handlers.BulkPlan{Command: "acept", IDs: []string{id.String()}}, "unknown_command"},
		"a new dossier":                    {"reception", handlers.BulkPlan{Command: "submit", IDs: []string{id.String()}}, "unknown_command"},
		"a role that may not":              {"officer-1", handlers.BulkPlan{Command: "approve", Arguments: json.RawMessage(`{"outcome":"grant"}`), IDs: []string{id.String()}}, "not_allowed"},
		"an applicant":                     {"applicant-1", handlers.BulkPlan{Command: "request-withdrawal", IDs: []string{id.String()}}, "not_allowed"},
		"a body that lacks a field":        {"reception", handlers.BulkPlan{Command: "forward", IDs: []string{id.String()}}, "missing"},
		"approving what was not looked at": {"approver", handlers.BulkPlan{Command: "approve", Arguments: json.RawMessage(`{"outcome":"grant"}`), IDs: []string{id.String()}, AnyVersion: true}, "version_required"},
		"nothing to act on":                {"reception", handlers.BulkPlan{Command: "accept"}, "ids_or_filter"},
		"a filter that finds nothing":      {"reception", handlers.BulkPlan{Command: "accept", Filter: &projections.Filter{Officer: "nobody"}}, "no_items"},
		"a dossier there is not":           {"reception", handlers.BulkPlan{Command: "accept", IDs: []string{id.String(), uuid.NewString(), "H00-no-code", id.String() + "@x"}}, "wrong_items"},
		"something that is no dossier":     {"reception", handlers.BulkPlan{Command: "accept", IDs: []string{handlers.CalendarStream("vn").String()}}, "wrong_items"},
	} {
		_, err := o.bulk.Plan(t.Context(), o.as(c.account), c.plan, o.envelope(name))
		_, p := handlers.Problem(err)
		if vi, en := p.In("vi", ""), p.In("en", ""); p.Code != c.code || vi.Detail == en.Detail || en.Detail == "" {
			t.Errorf("%s: %v, want %s in both languages", name, err, c.code)
		}
		if c.code == "wrong_items" && len(p.Errors) != len(c.plan.IDs)-strings.Count(strings.Join(c.plan.IDs, " ")+" ", id.String()+" ") {
			t.Errorf("%s: %+v", name, p.Errors)
		}
	}
	if o.head() != before {
		t.Error("something was recorded")
	}
}

func TestABatchIsRunByWhoPlannedItAndSeenByStaff(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	b := o.plan("reception", "accept", "", o.submitted())
	if _, err := o.bulk.Start(t.Context(), o.as("officer-1"), b.ID, 0, o.envelope("")); refusalCode(err) != "not_your_batch" {
		t.Errorf("run by another: %v", err)
	}
	if e := o.entries(); len(e) != 1 || e[0].Command != "run-batch" || e[0].Rule != "not_your_batch" {
		t.Errorf("recorded: %+v", e)
	}
	if _, err := o.bulk.Get(t.Context(), o.as("applicant-1"), b.ID); refusalCode(err) != handlers.NotAllowed {
		t.Errorf("seen by an applicant: %v", err)
	}
	if got, err := o.bulk.Get(t.Context(), o.as("auditor"), b.ID); err != nil || got.Total != 1 || got.By.Account != "reception" {
		t.Errorf("seen by an auditor: %+v, %v", got, err)
	}
	if _, err := o.bulk.Get(t.Context(), o.as("auditor"), uuid.New()); !errors.Is(err, handlers.ErrNoBatch) {
		t.Errorf("a batch there is not: %v", err)
	}
}

func TestAHalfRunBatchIsTakenBackButForWhatHasMovedOn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var ids []uuid.UUID
	for range 6 {
		id := o.submitted()
		o.done("reception", id, dossier.AcceptDossier{})
		ids = append(ids, id)
	}
	unaccepted := o.submitted()
	already := o.submitted()
	o.done("reception", already, dossier.AcceptDossier{})
	o.done("reception", already, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth})
	all := append([]uuid.UUID{already, unaccepted}, ids...)
	b := o.plan("reception", "forward", `{"unit": "animal-health"}`, all...)

	// The process dies behind the fifth item, before it could say how far it came.
	done := 0
	dying := o.watched.bulk(handlers.BulkOptions{Width: 1})
	dying.Before(func(step string) error {
		if step == "done" {
			if done++; done >= 5 { // and says no more
				return handlers.ErrStop
			}
		}
		return nil
	})
	if _, err := dying.Start(t.Context(), o.as("reception"), b.ID, 0, o.envelope("")); err != nil {
		t.Fatal(err)
	}
	if s, err := dying.Work(t.Context(), b.ID, nil); !errors.Is(err, handlers.ErrStop) || s.Processed > 4 {
		t.Fatalf("died at %d: %v", s.Processed, err)
	}
	o.done("head", ids[0], dossier.AssignOfficer{Officer: "officer-1"}) // moved on
	o.done("head", ids[1], dossier.AddNote{Topic: "other"})             // changed nothing

	if _, err := o.bulk.Undo(t.Context(), o.as("reception"), b.ID, batch.Undo{Reason: "wrong_content"}, o.envelope("")); refusalCode(err) != "consequences_not_seen" {
		t.Errorf("without having seen the consequences: %v", err)
	}
	if _, err := o.bulk.Undo(t.Context(), o.as("reception"), b.ID, batch.Undo{Reason: "because"}, o.envelope("")); refusalCode(err) != "not_in_list" {
		t.Errorf("for no reason: %v", err)
	}
	preview, err := o.bulk.PreviewUndo(t.Context(), o.as("reception"), b.ID, batch.Undo{Reason: "wrong_content"}, handlers.BulkPage{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"untouched", "untouched", "moved_on dossier.officer-assigned", "taken_back", "taken_back", "untouched", "untouched", "untouched"}
	if got := said(preview); !slices.Equal(got, want) {
		t.Errorf("preview %q, want %q", got, want)
	}
	if c := preview.Items[3].Consequences; !slices.Equal(c, []dossier.Consequence{dossier.UnitTold}) {
		t.Errorf("consequences %v", c)
	}
	s := o.undo("reception", b.ID, "wrong_content", "unit_told")
	if s.Phase != batch.CompensatedPhase || !cmp.Equal(s.Undo.Counts, map[batch.Outcome]int{batch.TakenBack: 2, batch.MovedOn: 1, batch.Untouched: 5}) {
		t.Errorf("%s with %v", s.Phase, s.Undo.Counts)
	}
	for i, want := range []dossier.Status{dossier.Forwarded, dossier.Submitted, dossier.Assigned, dossier.Accepted, dossier.Accepted, dossier.Accepted, dossier.Accepted, dossier.Accepted} {
		if got := o.status(all[i]); got != want {
			t.Errorf("item %d is %s, want %s", i, got, want)
		}
	}
	items, err := o.bulk.Items(t.Context(), o.as("auditor"), b.ID, handlers.BulkPage{})
	if err != nil || items.Items[3].Undo != batch.TakenBack || items.Items[2].Undo != batch.MovedOn {
		t.Errorf("shown %+v, %v", items.Items, err)
	}
	if _, err := o.bulk.Start(t.Context(), o.as("reception"), b.ID, 0, o.envelope("")); refusalCode(err) != "batch_taken_back" {
		t.Errorf("run after that: %v", err)
	}
	before := o.head()
	if again := o.undo("reception", b.ID, "wrong_content", "unit_told"); again.Phase != batch.CompensatedPhase || o.head() != before {
		t.Error("taken back twice")
	}
}

func TestWhatIsNeverTakenBackIsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.submitted()
	b := o.plan("approver", "stop", `{"reason": "legal_impediment", "basis": "nd-118-2025.19.5"}`, id)
	if _, err := o.bulk.Undo(t.Context(), o.as("approver"), b.ID, batch.Undo{Reason: "wrong_content"}, o.envelope("")); refusalCode(err) != "batch_not_undoable" {
		t.Errorf("%v", err)
	}
	accept := o.plan("reception", "accept", ``, id)
	if _, err := o.bulk.Undo(t.Context(), o.as("reception"), accept.ID, batch.Undo{Reason: "wrong_content"}, o.envelope("")); refusalCode(err) != "batch_not_run" {
		t.Errorf("%v", err)
	}
}

// Whoever plays the reactor finds what was started elsewhere, and another goes on when the first dies.
func TestAnotherProcessGoesOnWithABatchWhoseRunnerDied(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var ids []uuid.UUID
	for range 40 {
		ids = append(ids, o.submitted())
	}
	b := o.plan("reception", "accept", "", ids...)
	var tried atomic.Int32
	wakes := make(chan struct{})
	dying := o.watched.bulk(handlers.BulkOptions{Width: 2, Hold: 3 * time.Second, Every: time.Millisecond})
	dying.Before(func(step string) error {
		if step == "item" && tried.Add(1) > 15 {
			<-wakes // it hangs, and says nothing any more
		}
		return nil
	})
	if _, err := o.bulk.Start(t.Context(), o.as("reception"), b.ID, 0, o.envelope("")); err != nil {
		t.Fatal(err)
	}
	first, die := context.WithCancel(t.Context())
	second, stop := context.WithCancel(t.Context())
	var processes sync.WaitGroup
	defer processes.Wait()
	defer stop()
	hung := make(chan struct{})
	go func() {
		defer close(hung)
		for first.Err() == nil {
			_, _ = dying.Work(first, b.ID, nil)
		}
	}()
	for deadline := time.Now().Add(time.Minute); tried.Load() <= 15; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to the fifteenth item")
		}
	}
	if _, err := o.bulk.Work(t.Context(), b.ID, nil); !errors.Is(err, eventstore.ErrHeld) {
		t.Errorf("two at once: %v", err)
	}
	die() // its hold is not renewed any more
	reactor := o.watched.bulk(handlers.BulkOptions{})
	processes.Go(func() { _ = reactor.Run(second) })
	for deadline := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		got, err := o.bulk.Get(t.Context(), o.as("auditor"), b.ID)
		if err == nil && got.Phase == batch.FinishedPhase {
			if got.Counts[batch.Done] != 40 {
				t.Errorf("counts %v", got.Counts)
			}
			break
		}
		if time.Now().After(deadline) {
			close(wakes)
			t.Fatalf("nobody goes on: %+v, %v", got.State, err)
		}
	}
	close(wakes) // a dead one that comes to itself again finds everything done
	<-hung
	for _, id := range ids {
		if facts, err := o.Facts(t.Context(), id); err != nil || len(facts) != 2 {
			t.Errorf("%s has %d events, %v", id, len(facts), err)
		}
	}
}

// Whatever is interrupted and begun again, however many run it: each dossier has the act once, what the batch says is what the dossiers
// say, and what the dry run foretold is what came of it.
func TestLawABatchHasItsEffectOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(rt, "items")
		var ids []uuid.UUID
		for i := range n {
			id := o.submitted()
			if rapid.Bool().Draw(rt, fmt.Sprint("accepted ", i)) {
				o.done("reception", id, dossier.AcceptDossier{})
			}
			if rapid.IntRange(0, 4).Draw(rt, fmt.Sprint("forwarded ", i)) == 0 && o.status(id) == dossier.Accepted {
				o.done("reception", id, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth})
			}
			ids = append(ids, id)
		}
		for range rapid.IntRange(0, 3).Draw(rt, "duplicates") {
			ids = append(ids, ids[rapid.IntRange(0, n-1).Draw(rt, "duplicate")])
		}
		b := o.plan("reception", "forward", `{"unit": "animal-health"}`, ids...)
		foretold := o.dryRun(b.ID)
		stopAfter := rapid.IntRange(0, 3).Draw(rt, "stop after")
		undoAt := rapid.IntRange(-20, 20).Draw(rt, "taken back behind the step")

		steps := 0
		for s := (batch.State{}); s.Phase != batch.FinishedPhase && s.Phase != batch.CompensatedPhase; {
			if s.Phase != batch.UndoingPhase {
				if _, err := o.bulk.Start(t.Context(), o.as("reception"), b.ID, stopAfter, o.envelope("")); err != nil {
					rt.Fatal(err)
				}
			}
			var runners sync.WaitGroup
			for range rapid.IntRange(1, 2).Draw(rt, "runners") {
				runner := o.watched.bulk(handlers.BulkOptions{Width: rapid.IntRange(1, 4).Draw(rt, "width"), Every: time.Nanosecond << rapid.IntRange(0, 30).Draw(rt, "every")})
				var left atomic.Int64
				left.Store(int64(rapid.IntRange(0, 25).Draw(rt, "crash behind")))
				runner.Before(func(string) error {
					if left.Add(-1) < 0 {
						return handlers.ErrStop
					}
					return nil
				})
				runners.Go(func() {
					if _, err := runner.Work(t.Context(), b.ID, nil); err != nil && !errors.Is(err, handlers.ErrStop) && !errors.Is(err, eventstore.ErrHeld) {
						rt.Errorf("work: %v", err)
					}
				})
			}
			runners.Wait()
			if steps++; steps == undoAt {
				if _, err := o.bulk.Undo(t.Context(), o.as("reception"), b.ID, batch.Undo{Reason: "wrong_content", Seen: []string{"unit_told"}}, o.envelope("")); err != nil {
					rt.Fatal(err)
				}
			}
			got, err := o.bulk.Get(t.Context(), o.as("auditor"), b.ID)
			if err != nil {
				rt.Fatal(err)
			}
			s = got.State
		}
		outcomes := o.outcomes(b.ID)
		undone := o.state(rt, b.ID).Phase == batch.CompensatedPhase
		if !undone && !slices.Equal(outcomes, foretold) {
			rt.Fatalf("dry run %q, run %q", foretold, outcomes)
		}
		for i, id := range ids[:n] {
			facts, err := o.Facts(t.Context(), id)
			if err != nil {
				rt.Fatal(err)
			}
			var forwarded, back int
			for _, f := range facts {
				if f.Meta.Batch != b.ID.String() {
					continue
				}
				switch f.Event.(type) {
				case dossier.DossierForwarded:
					forwarded++
				case dossier.ActUndone:
					back++
				}
			}
			want := 0
			if foretold[i] == "done" {
				want = 1
			}
			switch {
			case undone && (forwarded > want || back != forwarded):
				rt.Fatalf("item %d: forwarded %d times, taken back %d times", i, forwarded, back)
			case !undone && (forwarded != want || back != 0):
				rt.Fatalf("item %d, foretold %s: forwarded %d times, taken back %d", i, foretold[i], forwarded, back)
			}
		}
	})
}

// state is the fold of what the journal holds of a batch, by a way of its own, with sums that must agree with its items.
func (o *office) state(rt *rapid.T, id uuid.UUID) batch.State {
	events, err := o.journal.Stream(o.t.Context(), id, 0)
	if err != nil {
		rt.Fatal(err)
	}
	var facts []batch.Fact
	next := 0
	for _, e := range events {
		event, err := batch.Decode(e.Type, e.TypeVersion, e.Data)
		if err != nil {
			rt.Fatal(err)
		}
		if p, is := event.(batch.Progressed); is {
			if p.From != next {
				rt.Fatalf("progress from %d, it stood at %d", p.From, next)
			}
			next = p.To
		}
		facts = append(facts, batch.Fact{Version: e.Version, Event: event})
	}
	s := batch.Fold(facts)
	got, err := o.bulk.Get(o.t.Context(), o.as("auditor"), id)
	if err != nil || got.Phase != s.Phase || got.Processed != s.Processed || !cmp.Equal(got.Counts, s.Counts) {
		rt.Fatalf("shown %+v, %v; folded %+v", got.State, err, s)
	}
	sum := 0
	for _, n := range s.Counts {
		sum += n
	}
	if sum != s.Processed || next != s.Processed {
		rt.Fatalf("%d items counted, %d told, %d processed", sum, next, s.Processed)
	}
	return s
}

func TestTenThousandItemsTakeNoMoreMemoryThanAThousand(t *testing.T) {
	db := dbtest.New(t)
	j, err := eventstore.Open(t.Context(), db.App, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	x := handlers.NewExecutor(j, handlers.ExecutorOptions{CommandKey: []byte("test")})
	w := &watched{&desk{Executor: x, t: t, journal: j, login: handlers.NewDevLogin()}, db, nil}
	o := &office{w, w.bulk(handlers.BulkOptions{})}
	const items = 10_000
	ids := make([]uuid.UUID, items)
	var all sync.WaitGroup
	next := atomic.Int64{}
	for range 64 {
		all.Go(func() {
			for i := next.Add(1) - 1; i < items; i = next.Add(1) - 1 {
				r, err := x.Submit(t.Context(), o.as("applicant-1"), handlers.Envelope{Key: fmt.Sprint("s", i)}, filing)
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = r.ID
			}
		})
	}
	all.Wait()
	b := o.plan("reception", "accept", "", ids...)
	if _, err := o.bulk.Start(t.Context(), o.as("reception"), b.ID, 0, o.envelope("")); err != nil {
		t.Fatal(err)
	}
	var first, most uint64
	s, err := o.bulk.Work(t.Context(), b.ID, func(s batch.State) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if first == 0 {
			first = m.HeapAlloc
		}
		most = max(most, m.HeapAlloc)
	})
	if err != nil || s.Phase != batch.FinishedPhase || s.Counts[batch.Done] != items {
		t.Fatalf("%s with %v, %v", s.Phase, s.Counts, err)
	}
	if most > first+4<<20 {
		t.Errorf("living heap grew from %d to %d kB", first>>10, most>>10)
	}
	events, err := j.Stream(t.Context(), b.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	var bytes int
	for _, e := range events {
		bytes += len(e.Data)
	}
	if len(events) > 3+2*items/batch.ChunkSize+120 || bytes > 20_000 {
		t.Errorf("the batch itself is %d events of %d bytes", len(events), bytes)
	}
}
