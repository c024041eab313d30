package projections

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dossier/eventstore"
)

// TestRebuildingWithLanesInterleavedAtRandomGivesTheSameRows is the law that lets Kafka deliver lanes in any order: a row is a
// function of one stream.
func TestRebuildingWithLanesInterleavedAtRandomGivesTheSameRows(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(90)
	_, stop := s.start(Options{NoKafka: true})
	s.arrive()
	stop()
	live := s.rows()
	if diff := cmp.Diff(s.folds(), live); diff != "" {
		t.Fatalf("live rows (-journal +views):\n%s", cut(diff))
	}
	var byLane [eventstore.Lanes][]eventstore.Delivered
	for _, d := range s.messages() {
		byLane[d.Lane] = append(byLane[d.Lane], d)
	}
	rapid.Check(t, func(r *rapid.T) {
		for _, table := range []string{"dossiers_v1", "history_v1", "dossier_versions_v1", "timers_v1", "checkpoints"} {
			s.exec(`delete from views.` + table)
		}
		e := s.idle(Options{Streams: rapid.IntRange(1, 20).Draw(r, "states kept")})
		var left [eventstore.Lanes][]eventstore.Delivered
		copy(left[:], byLane[:])
		for batch := interleaved(r, &left); len(batch) > 0; batch = interleaved(r, &left) {
			e.persist(s.ctx(), "apply", func(ctx context.Context) error { return e.deliver(ctx, slices.Clone(batch)) })
		}
		if diff := cmp.Diff(live, s.rows()); diff != "" {
			r.Fatalf("rebuilt rows (-live +rebuilt):\n%s", cut(diff))
		}
	})
}

// interleaved takes the next messages of lanes at random.
func interleaved(r *rapid.T, left *[eventstore.Lanes][]eventstore.Delivered) (batch []eventstore.Delivered) {
	var open []int
	for lane := range left {
		if len(left[lane]) > 0 {
			open = append(open, lane)
		}
	}
	if len(open) == 0 {
		return nil
	}
	for _, lane := range rapid.SliceOfN(rapid.SampledFrom(open), 1, 40).Draw(r, "lanes") {
		n := min(len(left[lane]), rapid.IntRange(1, 4).Draw(r, "messages"))
		batch, left[lane] = append(batch, left[lane][:n]...), left[lane][n:]
	}
	return batch
}
