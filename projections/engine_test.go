package projections

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

func TestAnEngineWithoutKafkaShowsWhatTheJournalHas(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(60)
	s.start(Options{NoKafka: true, Batch: 7})
	s.arrive()
	s.live(60)
	s.arrive()
	s.holds()
}

func TestDuplicatesReorderingAndLossChangeNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(300)
	e := s.idle(Options{Batch: 40})
	random := rand.New(rand.NewPCG(3, 4))
	sent := slices.Clone(s.messages())
	for i := range sent { // shuffle, but not further than a broker would
		j := min(len(sent)-1, i+random.IntN(30))
		sent[i], sent[j] = sent[j], sent[i]
	}
	for len(sent) > 0 {
		n := min(len(sent), 1+random.IntN(25))
		batch := slices.DeleteFunc(slices.Clone(sent[:n]), func(eventstore.Delivered) bool { return random.IntN(5) == 0 })
		for range 1 + random.IntN(2) {
			e.persist(s.ctx(), "apply", func(ctx context.Context) error { return e.deliver(ctx, slices.Clone(batch)) })
		}
		sent = sent[n:]
	}
	var upTo lanes
	for lane := range upTo {
		upTo[lane] = s.head()
	}
	if err := e.heal(s.ctx(), upTo); err != nil {
		t.Fatal(err)
	}
	s.holds()
	c := e.Status().Counters
	if c.Healed == 0 || c.Skipped == 0 {
		t.Errorf("nothing was healed or skipped: %+v", c)
	}
}

func TestOnlyALaneThatStandsStillIsReadFromTheJournal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	o := Options{Patience: 1, Brokers: []string{"unheard"}} // a look is compared with the one before it
	e, other := s.idle(o), s.idle(o)
	look := func(want int64, why string) {
		t.Helper()
		for _, e := range []*Engine{e, other} {
			e.persist(s.ctx(), "tend", e.tend)
		}
		if healed := e.Status().Counters.Healed; healed != want {
			t.Errorf("%d events were read from the journal, want %d: %s", healed, want, why)
		}
	}
	id := s.submit()
	s.add(id, dossier.DossierAccepted{ProcedureVersion: 1})
	s.add(id, dossier.StepRecorded{Code: "desk-check"})
	look(0, "it has just come")
	e.hears(s, s.messages()[0])
	look(0, "the lane moves")
	e.hears(s, s.messages()[1])
	look(0, "the lane moves")
	look(1, "the lane stands still")
	look(1, "all is in")
	if n := other.Status().Counters.Healed + other.Status().Counters.Lost + e.Status().Counters.Lost; n > 0 {
		t.Errorf("two engines met %d times", n)
	}
	s.holds()
}
