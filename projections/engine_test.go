package projections

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

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
