package projections

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

// failOver ends every connection and goes on with a database where nothing after a position was ever there.
func (s *stack) failOver(after int64, also ...string) {
	s.Helper()
	s.db.FailOver(s, append([]string{
		fmt.Sprintf(`delete from journal.events where position > %d`, after),
		fmt.Sprintf(`delete from views.checkpoints where position > %d`, after)}, also...)...)
	s.db.App.Reset() // it has found out
	s.ids, s.version = nil, map[uuid.UUID]int64{}
}

// emptied are the views when nothing at all is left.
const emptied = `truncate views.dossiers_v1, views.dossier_versions_v1, views.history_v1, views.timers_v1`

// hears delivers messages as the running engine would.
func (e *Engine) hears(s *stack, heard ...eventstore.Delivered) {
	e.persist(s.ctx(), "apply", func(ctx context.Context) error { return e.deliver(ctx, slices.Clone(heard)) })
}

func TestALostTailThatKafkaStillTellsMovesNoLaneBeyondTheJournal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	id := s.submit()
	e := s.idle(Options{})
	head := s.head()
	for range 3 {
		s.happen(id)
	}
	messages := s.messages()
	s.failOver(head)
	e.hears(s, messages[len(messages)-1]) // it names a previous position that is not in: a gap
	if n := count(s, `select coalesce(max(position), 0) from views.checkpoints`); int64(n) > head {
		t.Errorf("a lane stands at %d, the journal at %d: what comes there would be skipped", n, head)
	}
}

func TestAnEngineThatRemembersMoreThanTheDatabaseReadsAgain(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(20)
	e := s.idle(Options{NoKafka: true})
	e.persist(s.ctx(), "tend", e.tend)
	s.failOver(0, emptied)
	s.live(5) // fewer than were lost
	e.persist(s.ctx(), "tend", e.tend)
	s.holds()
}

func TestAStateThatTheDatabaseLostIsNotBuiltUpon(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	id := s.submit()
	s.add(id, dossier.DossierAccepted{ProcedureVersion: 1})
	e := s.idle(Options{})
	e.hears(s, s.messages()...) // it remembers version 2
	s.failOver(0, emptied)
	other := s.idle(Options{})
	s.version[id] = 0
	s.add(id, dossier.DossierSubmitted{Procedure: "vet-practice-cert-renew", ProcedureVersion: 1, Channel: dossier.Post, Applicant: "applicant-2", Unit: "one-stop"})
	s.add(id, dossier.StepRecorded{Code: "desk-check"})
	other.hears(s, s.messages()...)
	s.submit()
	e.hears(s, s.messages()...) // it has connected again
	s.add(id, dossier.DossierForwarded{Unit: "unit-1"})
	e.hears(s, s.messages()...)
	s.holds()
}

func TestAStateThatOnlyKafkaToldIsNotBuiltUpon(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	id := s.submit()
	e, other := s.idle(Options{}), s.idle(Options{})
	e.hears(s, s.messages()...)
	s.add(id, dossier.StepRecorded{Code: "desk-check"})
	other.hears(s, s.messages()...) // e does not know of it yet
	lost := s.messages()[1]         // what Kafka still tells at that position
	lost.ID, lost.Type, lost.Data = uuid.New(), "dossier.forwarded", []byte(`{"unit":"unit-9"}`)
	e.hears(s, lost)
	s.add(id, dossier.DossierAccepted{ProcedureVersion: 1})
	e.hears(s, s.messages()...)
	s.holds()
}

func TestWhatWasReadBeforeAFailoverIsNotWrittenAfterIt(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(20)
	e := s.idle(Options{})
	kept := s.head()
	s.live(20)
	head, failed := s.head(), false
	e.live[0] = between{e.live[0], func() {
		if !failed {
			failed = true
			s.failOver(kept)
		}
	}}
	e.persist(s.ctx(), "heal", func(ctx context.Context) error {
		var upTo lanes
		for lane := range upTo {
			upTo[lane] = head
		}
		return e.heal(ctx, upTo)
	})
	if !failed {
		t.Fatal("nothing was read before the failover")
	}
	s.holds()
	if n := count(s, `select coalesce(max(position), 0) from views.checkpoints`); int64(n) > kept {
		t.Errorf("a lane stands at %d, the journal at %d: what comes there would be skipped", n, kept)
	}
}

// between does something between the reading of events and the transaction of their rows.
type between struct {
	Projection
	do func()
}

func (p between) Apply(ctx context.Context, f *flight, moments []Moment) error {
	p.do()
	return p.Projection.Apply(ctx, f, moments)
}
