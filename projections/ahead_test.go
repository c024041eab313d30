package projections

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

func (s *stack) delivered() []eventstore.Delivered {
	s.Helper()
	var all []eventstore.Delivered
	for _, id := range s.ids {
		events, err := s.journal.Stream(s.ctx(), id, 0)
		if err != nil {
			s.Fatal(err)
		}
		for _, ev := range events {
			all = append(all, eventstore.Delivered{Event: ev})
		}
	}
	return all
}

func TestWhatIsFoldedAheadIsUsedOnlyForTheSameEventAndState(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(60)
	heard := s.delivered()
	events := func() (all []eventstore.Event) {
		for _, d := range heard {
			all = append(all, d.Event)
		}
		return all
	}
	plain := newStates(s.journal, 1000)
	want, _, _, err := plain.moments(s.ctx(), byStream(events()))
	if err != nil {
		t.Fatal(err)
	}

	ahead := newStates(s.journal, 1000)
	ahead.foretell(heard, nil)
	if len(ahead.foretold) != len(heard) {
		t.Errorf("%d of %d events were foretold", len(ahead.foretold), len(heard))
	}
	got, after, _, err := ahead.moments(s.ctx(), byStream(events()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(dossier.State{})); diff != "" {
		t.Errorf("what was folded ahead differs (-plain +ahead):\n%s", cut(diff))
	}
	for i := range got {
		if got[i].After != ahead.foretold[got[i].Event.ID].moment.After {
			t.Fatalf("event %d was folded again", got[i].Event.Position)
		}
	}

	// The transaction failed, another server answers: states are other ones, though they look the same.
	for id, f := range after {
		other := *f.state
		ahead.put(id, folded{&other, f.backdated})
	}
	s.happen(s.ids[0])
	next := s.delivered()
	next = slices.DeleteFunc(next, func(d eventstore.Delivered) bool { return d.StreamID != s.ids[0] })
	last := next[len(next)-1]
	ahead.foretell([]eventstore.Delivered{last}, after)
	m, _, _, err := ahead.moments(s.ctx(), [][]eventstore.Event{{last.Event}})
	if err != nil {
		t.Fatal(err)
	}
	if m[0].After == ahead.foretold[last.ID].moment.After {
		t.Error("what was foretold of another state was used")
	}

	// Kafka tells the same event in another way.
	ahead.foretell(heard, nil)
	forged := heard[0].Event
	forged.Data = slices.Clone(forged.Data)
	m, _, _, err = ahead.moments(s.ctx(), [][]eventstore.Event{{forged}})
	if err != nil {
		t.Fatal(err)
	}
	if m[0].After == ahead.foretold[forged.ID].moment.After {
		t.Error("what was foretold of another text was used")
	}
}

func TestTheNextBatchIsFoldedWhileOneIsWritten(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(40)
	e := newEngine(s.db.App, s.journal, Options{NoKafka: true, Batch: 10}, Live())
	for _, d := range s.delivered() {
		e.queue <- d
	}
	e.lookAhead(map[uuid.UUID]folded{})
	if len(e.ahead.heard) != 10 || e.ahead.bytes <= 0 || len(e.states.foretold) == 0 {
		t.Errorf("%d events of %d bytes were taken, %d foretold", len(e.ahead.heard), e.ahead.bytes, len(e.states.foretold))
	}
	first := e.ahead.heard[0].ID
	e.lookAhead(map[uuid.UUID]folded{})
	if len(e.ahead.heard) != 10 || e.ahead.heard[0].ID != first {
		t.Error("a batch that is ahead was taken again")
	}
}
