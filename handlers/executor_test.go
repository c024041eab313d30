package handlers_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/migrations/dbtest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"), // sarama's, one for the process
		goleak.IgnoreAnyFunction("dossier/internal/devstack.(*child).run"),              // the Postgres of the run
	)
}

// desk is a journal of its own with everybody who may act on it.
type desk struct {
	*handlers.Executor
	t       *testing.T
	journal *eventstore.Journal
	login   *handlers.DevLogin
	key     int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	db := dbtest.New(t)
	j, err := eventstore.Open(t.Context(), db.App, eventstore.Options{})
	if err != nil {
		t.Fatalf("open journal: %v", err)
	}
	t.Cleanup(j.Close)
	return &desk{Executor: handlers.NewExecutor(j, handlers.ExecutorOptions{CommandKey: []byte("test")}), t: t, journal: j, login: handlers.NewDevLogin()}
}

func (d *desk) as(account string) domain.Actor {
	a, ok := d.login.Account(account)
	if !ok {
		d.t.Fatalf("no demo account %s", account)
	}
	return a.Actor()
}

func (d *desk) envelope(body string) handlers.Envelope {
	d.key++
	return handlers.Envelope{Key: fmt.Sprint("key-", d.key), Body: []byte(body)}
}

const openProcedure = "vet-practice-cert-renew"

var filing = dossier.SubmitDossier{Procedure: openProcedure, Channel: dossier.Online, Applicant: "applicant-1"}

// submitted is a new dossier of the first applicant.
func (d *desk) submitted() uuid.UUID {
	d.t.Helper()
	r, err := d.Submit(d.t.Context(), d.as("applicant-1"), d.envelope("{}"), filing)
	if err != nil {
		d.t.Fatalf("submit: %v", err)
	}
	return r.ID
}

// done sends a command that must succeed, for the version it finds.
func (d *desk) done(account string, id uuid.UUID, c dossier.Command) handlers.Receipt {
	d.t.Helper()
	e := d.envelope("{}")
	facts, err := d.Facts(d.t.Context(), id)
	if err != nil {
		d.t.Fatalf("read: %v", err)
	}
	seen := int64(len(facts))
	e.Expected = &seen
	r, err := d.Do(d.t.Context(), d.as(account), id, e, c)
	if err != nil {
		d.t.Fatalf("%s: %v", c.Name(), err)
	}
	return r
}

// appraised brings a dossier to the approver.
func (d *desk) appraised() uuid.UUID {
	id := d.submitted()
	d.done("reception", id, dossier.AcceptDossier{})
	d.done("reception", id, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth})
	d.done("head", id, dossier.AssignOfficer{Officer: "officer-1"})
	d.done("officer-1", id, dossier.StartAppraisal{})
	d.done("officer-1", id, dossier.SubmitForApproval{Proposal: dossier.Grant})
	return id
}

func refusalCode(err error) string {
	_, p := handlers.Problem(err)
	return p.Code
}

func TestADossierGoesItsWholeWayThroughTheExecutor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.appraised()
	d.done("approver", id, dossier.Approve{Outcome: dossier.Grant})
	d.done("approver", id, dossier.SignResult{})
	d.done("clerk", id, dossier.NumberResult{})
	issued := d.done("clerk", id, dossier.IssueResult{})
	if issued.Status != dossier.Resolved || issued.Events != 2 {
		t.Errorf("issue gave %+v, want resolved by two events", issued)
	}
	r := d.done("return", id, dossier.ReturnResult{Way: dossier.Counter})
	s, facts, err := d.AsOf(t.Context(), id, handlers.Asked{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Status != dossier.Returned || r.Status != dossier.Returned || s.Version != r.Version || facts[len(facts)-1].Position != r.Position {
		t.Errorf("receipt %+v does not match the stream's state %s at version %d", r, s.Status, s.Version)
	}
	for _, f := range facts {
		if f.Meta.Actor == "" || f.Meta.ActorRole == "" || f.Meta.CommandID == "" || f.Meta.CommandHash == "" {
			t.Errorf("version %d does not say who did it: %+v", f.Version, f.Meta)
		}
	}
}

func TestTheActsBesideTheUsualWayGoThroughTheExecutor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submitted()
	d.done("reception", id, dossier.CheckComponent{Component: "form", Verdict: dossier.Sufficient})
	d.done("reception", id, dossier.AcceptDossier{})
	d.done("reception", id, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth})
	d.done("head", id, dossier.AssignOfficer{Officer: "officer-1"})
	d.done("officer-1", id, dossier.StartAppraisal{})
	d.done("officer-1", id, dossier.BeginWork{Kind: dossier.Laboratory, Unit: handlers.UnitPlantProtection})
	d.done("consulted", id, dossier.FinishWork{Number: 1, Finding: dossier.Passed})
	if r := d.done("fees", id, dossier.RequestPayment{Amount: 50_000}); r.Status != dossier.AwaitingPayment {
		t.Errorf("status %s", r.Status)
	}
	d.done("fees", id, dossier.ConfirmPayment{Number: 1, Amount: 50_000, Method: "cash"})
	d.done("officer-1", id, dossier.SubmitForApproval{Proposal: dossier.Grant})
	d.done("officer-1", id, dossier.SendMessage{Topic: "information"})
	d.done("officer-1", id, dossier.UndoAct{Act: "submit-for-approval", Reason: "wrong_content", Seen: []dossier.Code{"unit_told"}})

	s, facts, err := d.AsOf(t.Context(), id, handlers.Asked{})
	if err != nil {
		t.Fatal(err)
	}
	undone, proposed := facts[len(facts)-2], facts[len(facts)-4]
	if s.Status != dossier.Appraising || s.Messages.Count != 1 || !undone.OccurredAt.Equal(proposed.OccurredAt) || len(s.Corrected) != 1 || s.Corrected[0].To != "approver" {
		t.Errorf("%s; taken back at %v what was true at %v", s.Status, undone.OccurredAt, proposed.OccurredAt)
	}
}

func TestTheSameKeyAndBodyGiveTheSameAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.envelope(`{"a":1}`)
	first, err := d.Submit(t.Context(), d.as("applicant-1"), e, filing)
	if err != nil {
		t.Fatal(err)
	}
	accept := d.envelope("{}")
	accepted, err := d.Do(t.Context(), d.as("reception"), first.ID, accept, dossier.AcceptDossier{})
	if err != nil {
		t.Fatal(err)
	}
	d.done("reception", first.ID, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth})

	again, err := d.Submit(t.Context(), d.as("applicant-1"), e, filing)
	if err != nil || !again.Repeated {
		t.Fatalf("repeated submit: %+v, %v", again, err)
	}
	if again.Repeated = false; !cmp.Equal(again, first) {
		t.Errorf("second answer %+v, first %+v", again, first)
	}
	stale := int64(1)
	accept.Expected = &stale // the caller of a lost answer still has the old version
	again, err = d.Do(t.Context(), d.as("reception"), first.ID, accept, dossier.AcceptDossier{})
	if err != nil || again.Position != accepted.Position || again.Status != dossier.Accepted || again.Version != accepted.Version {
		t.Errorf("second answer %+v, %v, first %+v", again, err, accepted)
	}
}

func TestTheSameKeyWithAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.envelope(`{"a":1}`)
	first, err := d.Submit(t.Context(), d.as("applicant-1"), e, filing)
	if err != nil {
		t.Fatal(err)
	}
	e.Body = []byte(`{"a":2}`)
	if _, err := d.Submit(t.Context(), d.as("applicant-1"), e, filing); !errors.Is(err, eventstore.ErrCommandReused) {
		t.Errorf("another body under the same key: %v", err)
	}
	facts, err := d.Facts(t.Context(), first.ID)
	if err != nil || len(facts) != 1 {
		t.Errorf("%d facts, %v; want the first only", len(facts), err)
	}
}

func TestAKeyBelongsToItsSenderAndItsCommand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.envelope("{}")
	mine, err := d.Submit(t.Context(), d.as("applicant-1"), e, filing)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := d.Submit(t.Context(), d.as("applicant-2"), e, dossier.SubmitDossier{Procedure: openProcedure, Channel: dossier.Online, Applicant: "applicant-2"})
	if err != nil || theirs.ID == mine.ID {
		t.Errorf("another's dossier under the same key: %v, %v", theirs.ID, err)
	}
	if _, err := d.Do(t.Context(), d.as("reception"), mine.ID, e, dossier.AcceptDossier{}); err != nil {
		t.Errorf("accept under the key: %v", err)
	}
	if r, err := d.Do(t.Context(), d.as("reception"), mine.ID, e, dossier.ForwardDossier{Unit: "x"}); err != nil || r.Repeated {
		t.Errorf("forward under the same key: %+v, %v", r, err)
	}
}

func TestConcurrentDuplicatesHaveOneEffect(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.envelope("{}")
	receipts := make([]handlers.Receipt, 16)
	var all sync.WaitGroup
	for i := range receipts {
		all.Go(func() {
			r, err := d.Submit(t.Context(), d.as("applicant-1"), e, filing)
			if err != nil {
				t.Errorf("submit: %v", err)
			}
			receipts[i] = r
		})
	}
	all.Wait()
	effects := 0
	for _, r := range receipts {
		if !r.Repeated {
			effects++
		}
		if r.ID != receipts[0].ID || r.Position != receipts[0].Position || r.Version != 1 {
			t.Errorf("answers differ: %+v and %+v", r, receipts[0])
		}
	}
	if head, err := d.journal.Head(t.Context()); effects != 1 || head != 1 || err != nil {
		t.Errorf("%d effects, journal at %d, %v; want one", effects, head, err)
	}
}

func TestAnActThatIsAlreadyTrueMakesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submitted()
	first := d.done("reception", id, dossier.AcceptDossier{})
	second := d.done("reception", id, dossier.AcceptDossier{})
	if second.Events != 0 || second.Repeated || second.Version != first.Version || second.Position != first.Position || second.Status != dossier.Accepted {
		t.Errorf("accepting twice: %+v after %+v", second, first)
	}
}

func TestApprovingSigningAndIssuingNameTheVersionSeen(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.appraised()
	_, err := d.Do(t.Context(), d.as("approver"), id, d.envelope("{}"), dossier.Approve{Outcome: dossier.Grant})
	if !errors.Is(err, handlers.ErrVersionRequired) {
		t.Fatalf("approve without a version: %v", err)
	}
	seen := int64(3)
	e := d.envelope("{}")
	e.Expected = &seen
	_, err = d.Do(t.Context(), d.as("approver"), id, e, dossier.Approve{Outcome: dossier.Grant})
	var stale *handlers.Stale
	if !errors.As(err, &stale) {
		t.Fatalf("approve on an old version: %v", err)
	}
	var types []string
	for _, h := range stale.Since {
		types = append(types, h.Type)
		if h.By.Account == "" || h.RecordedAt.IsZero() {
			t.Errorf("change %+v does not say who and when", h)
		}
	}
	if want := "[dossier.officer-assigned dossier.appraisal-started dossier.submitted-for-approval]"; fmt.Sprint(types) != want || stale.Actual != 6 {
		t.Errorf("changed since %v at %d, want %s at 6", types, stale.Actual, want)
	}
}
