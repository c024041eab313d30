package projections

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "10") // each fills the views anew; the command line may ask for more
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"), // sarama's, one for the process
		goleak.IgnoreAnyFunction("dossier/internal/devstack.(*child).run"),              // the Postgres all tests share
	)
}

// stack is a journal with dossiers and the views over it.
type stack struct {
	testing.TB
	db      *dbtest.DB
	journal *eventstore.Journal
	views   *Views
	random  *rand.Rand
	ids     []uuid.UUID
	version map[uuid.UUID]int64
}

func newStack(t testing.TB) *stack {
	t.Helper()
	db := dbtest.New(t)
	j, err := eventstore.Open(t.Context(), db.App, eventstore.Options{})
	if err != nil {
		t.Fatalf("open journal: %v", err)
	}
	t.Cleanup(j.Close)
	return &stack{TB: t, db: db, journal: j, views: NewViews(db.App, j), random: rand.New(rand.NewPCG(1, 2)), version: map[uuid.UUID]int64{}}
}

func (s *stack) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.Context()), 30*time.Second)
	s.Cleanup(cancel)
	return ctx
}

// submit files a dossier and returns its id.
func (s *stack) submit(more ...func(*dossier.DossierSubmitted)) uuid.UUID {
	s.Helper()
	e := dossier.DossierSubmitted{Procedure: "vet-practice-cert-renew", ProcedureVersion: 1, Channel: dossier.Online, Applicant: "applicant-1", Unit: "one-stop"}
	for _, change := range more {
		change(&e)
	}
	id := uuid.New()
	s.ids = append(s.ids, id)
	s.add(id, e)
	return id
}

// add appends facts that happen now, in one commit, and returns the position of the last.
func (s *stack) add(id uuid.UUID, events ...dossier.Event) int64 {
	s.Helper()
	return s.addAt(id, time.Now(), domain.Live, events...)
}

func (s *stack) addAt(id uuid.UUID, at time.Time, origin domain.Origin, events ...dossier.Event) int64 {
	s.Helper()
	var all []eventstore.NewEvent
	for _, e := range events {
		typ, version, data, err := dossier.Encode(e)
		if err != nil {
			s.Fatalf("encode %T: %v", e, err)
		}
		all = append(all, s.event(typ, version, data, at, origin))
	}
	return s.append(id, all...)
}

func (s *stack) event(typ string, version int, data json.RawMessage, at time.Time, origin domain.Origin) eventstore.NewEvent {
	meta, err := domain.Meta{Actor: "officer-1", ActorRole: domain.CaseOfficer, ActorUnit: "one-stop", Origin: origin}.Encode()
	if err != nil {
		s.Fatalf("encode meta: %v", err)
	}
	return eventstore.NewEvent{Type: typ, TypeVersion: version, Data: data, Meta: meta, OccurredAt: at.Truncate(time.Microsecond)}
}

func (s *stack) append(id uuid.UUID, events ...eventstore.NewEvent) int64 {
	s.Helper()
	r, err := s.journal.Append(s.ctx(), eventstore.Request{Stream: eventstore.Stream{Kind: "dossier", ID: id}, Expected: s.version[id], Events: events})
	if err != nil {
		s.Fatalf("append to %s: %v", id, err)
	}
	s.version[id] = r.Version
	return r.Last
}

// poison appends an event of a dossier that no program knows.
func (s *stack) poison(id uuid.UUID) int64 {
	s.Helper()
	return s.append(id, s.event("dossier.enchanted", 1, json.RawMessage(`{}`), time.Now(), domain.Live))
}

// live lets n random things happen to new and old dossiers.
func (s *stack) live(n int) {
	s.Helper()
	for range n {
		if len(s.ids) == 0 || s.random.IntN(4) == 0 {
			s.submit(func(e *dossier.DossierSubmitted) {
				e.Channel = []dossier.Channel{dossier.Online, dossier.Counter, dossier.Post}[s.random.IntN(3)]
				e.Applicant = dossier.Ref(fmt.Sprintf("applicant-%d", s.random.IntN(5)))
			})
			continue
		}
		s.happen(s.ids[s.random.IntN(len(s.ids))])
	}
}

func (s *stack) happen(id uuid.UUID) {
	s.Helper()
	switch s.random.IntN(6) {
	case 0:
		s.add(id, dossier.DossierAccepted{ProcedureVersion: 1})
	case 1:
		s.add(id, dossier.DossierForwarded{Unit: dossier.Code(fmt.Sprintf("unit-%d", s.random.IntN(3)))}, dossier.OfficerAssigned{Officer: "officer-7"})
	case 2:
		s.add(id, dossier.AppraisalStarted{})
	case 3:
		s.addAt(id, time.Now().Add(-time.Duration(s.random.IntN(72))*time.Hour), domain.Live, dossier.StepRecorded{Code: "desk-check"})
	case 4:
		s.addAt(id, time.Now(), domain.Imported, dossier.DeadlineRecorded{Due: time.Now().Truncate(time.Second).AddDate(0, 0, s.random.IntN(20)), DueSource: dossier.ImportedDeadline})
	default:
		s.add(id, dossier.SupplementRequested{Stage: dossier.AtReception, Items: []dossier.Code{"tp-1"}, Reason: "missing", WindowDays: 15},
			dossier.SupplementSubmitted{Items: []dossier.Code{"tp-1"}})
	}
}

// messages are all events as Kafka would bring them.
func (s *stack) messages() []eventstore.Delivered {
	s.Helper()
	var all []eventstore.Delivered
	var prev [eventstore.Lanes]int64
	for _, ev := range s.events() {
		all = append(all, eventstore.Delivered{Event: ev, Prev: prev[ev.Lane], Generation: 1})
		prev[ev.Lane] = ev.Position
	}
	return all
}

func (s *stack) events() []eventstore.Event {
	s.Helper()
	all, err := s.journal.Page(s.ctx(), 0, 1_000_000)
	if err != nil {
		s.Fatal(err)
	}
	return all
}

func (s *stack) head() int64 {
	s.Helper()
	head, err := s.journal.Head(s.ctx())
	if err != nil {
		s.Fatal(err)
	}
	return head
}

func (s *stack) exec(sql string, args ...any) {
	s.Helper()
	if _, err := s.db.Owner.Exec(s.ctx(), sql, args...); err != nil {
		s.Fatalf("%s: %v", sql, err)
	}
}

func count(s *stack, sql string, args ...any) (n int) {
	s.Helper()
	if err := s.db.Owner.QueryRow(s.ctx(), sql, args...).Scan(&n); err != nil {
		s.Fatalf("%s: %v", sql, err)
	}
	return n
}

// settings that make waiting short.
func (s *stack) options(o Options) Options {
	o.Patience = or(o.Patience, 100*time.Millisecond)
	o.Retry = or(o.Retry, 50*time.Millisecond)
	if testing.Verbose() && os.Getenv("DOSSIER_TEST_LOG") != "" {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return o
}

// idle is an engine that only does what the test tells it to.
func (s *stack) idle(o Options) *Engine {
	s.Helper()
	e := NewEngine(s.db.App, s.journal, s.options(o))
	e.persist(s.ctx(), "start", e.begin)
	return e
}

// start runs an engine until the test ends or stop is called.
func (s *stack) start(o Options) (e *Engine, stop func()) {
	s.Helper()
	e = NewEngine(s.db.App, s.journal, s.options(o))
	return e, s.run(e.Run)
}

func (s *stack) run(run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.Context()))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			s.Errorf("run: %v", err)
		}
	}
	s.Cleanup(stop)
	return stop
}

// eventually waits for a condition.
func (s *stack) eventually(what string, is func() bool) {
	s.Helper()
	deadline := time.After(15 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			s.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// arrive waits until the views are true at the journal's head.
func (s *stack) arrive() {
	s.Helper()
	if err := s.views.Wait(s.ctx(), s.head(), nil); err != nil {
		s.Fatal(err)
	}
}

// seen is one row of a view as a test reads it, without the code under test.
type seen struct {
	View     string
	Version  int64
	Position int64
	Status   string
	State    dossier.State
	Changes  []dossier.Change
	Data     string
}

// holds compares every row of every view with a fold of the journal; streams in but are expected to be missing from there on.
func (s *stack) holds() {
	s.Helper()
	if diff := cmp.Diff(s.folds(), s.rows()); diff != "" {
		s.Errorf("the views are not what the journal says (-journal +views):\n%s", cut(diff))
	}
	report, err := Verify(s.ctx(), s.db.App, s.journal, nil)
	if err != nil || report.Difference != nil {
		s.Errorf("verify: %v, %v", report.Difference, err)
	}
}

func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), 4000)], "") }

func (s *stack) folds() map[uuid.UUID][]seen {
	s.Helper()
	facts := map[uuid.UUID][]dossier.Fact{}
	want := map[uuid.UUID][]seen{}
	for _, ev := range s.events() {
		if ev.StreamKind != "dossier" {
			continue
		}
		f, err := dossier.DecodeFact(ev.Position, ev.Version, ev.Type, ev.TypeVersion, ev.Data, ev.Meta, ev.OccurredAt, ev.RecordedAt)
		if err != nil {
			s.Fatal(err)
		}
		before := dossier.Fold(facts[ev.StreamID])
		facts[ev.StreamID] = append(facts[ev.StreamID], f)
		after := dossier.Fold(facts[ev.StreamID])
		now := seen{View: "versions", Version: ev.Version, Position: ev.Position, Status: string(after.Status), State: after}
		past := seen{View: "history", Version: ev.Version, Position: ev.Position, Status: string(after.Status), Changes: dossier.Changes(&before, &after), Data: string(ev.Data)}
		rows := want[ev.StreamID]
		if len(rows) == 0 {
			rows = []seen{{}}
		}
		rows[0] = now
		rows[0].View = "dossiers"
		want[ev.StreamID] = append(rows, now, past)
	}
	return want
}

func (s *stack) rows() map[uuid.UUID][]seen {
	s.Helper()
	rows, err := s.db.Owner.Query(s.ctx(), `
		select id, view, version, position, status, state, changes, data
		  from (
		    select id, 'dossiers' as view, 0 as part, version, position, status, state, '[]'::json as changes, '' as data from views.dossiers_v1
		    union all
		    select id, 'versions', 1, version, position, status, state, '[]', '' from views.dossier_versions_v1
		    union all
		    select id, 'history', 2, version, position, status, '{}', changes, data::text from views.history_v1) v
		 order by id, part = 0 desc, version, part`)
	if err != nil {
		s.Fatal(err)
	}
	got := map[uuid.UUID][]seen{}
	var id uuid.UUID
	var r seen
	var state, changes []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &r.View, &r.Version, &r.Position, &r.Status, &state, &changes, &r.Data}, func() error {
		n := r
		if err := json.Unmarshal(state, &n.State); err != nil {
			return err
		}
		if err := json.Unmarshal(changes, &n.Changes); err != nil {
			return err
		}
		if len(n.Changes) == 0 {
			n.Changes = nil
		}
		got[id] = append(got[id], n)
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// backdated reads the marks of each stream's versions.
func (s *stack) backdated() map[uuid.UUID][]bool {
	s.Helper()
	rows, err := s.db.Owner.Query(s.ctx(), `select id, backdated from views.dossier_versions_v1 order by id, version`)
	if err != nil {
		s.Fatal(err)
	}
	all := map[uuid.UUID][]bool{}
	var id uuid.UUID
	var is bool
	if _, err := pgx.ForEachRow(rows, []any{&id, &is}, func() error { all[id] = append(all[id], is); return nil }); err != nil {
		s.Fatal(err)
	}
	return all
}

func backdated(t testing.TB, history []eventstore.Event) bool {
	t.Helper()
	var facts []dossier.Fact
	for _, ev := range history {
		f, err := dossier.DecodeFact(ev.Position, ev.Version, ev.Type, ev.TypeVersion, ev.Data, ev.Meta, ev.OccurredAt, ev.RecordedAt)
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, f)
	}
	return dossier.Backdated(facts)
}
