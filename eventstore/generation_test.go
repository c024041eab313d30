package eventstore

import "testing"

func TestGenerationsSayWhoIsRefused(t *testing.T) {
	g := Generations{{Number: 1, From: 1}, {Number: 2, From: 100}, {Number: 3, From: 50}}
	for _, c := range []struct {
		position   int64
		generation int
		refused    bool
		of         int
	}{
		{49, 1, false, 1}, {50, 1, true, 3}, {50, 2, true, 3}, {50, 3, false, 3}, {100, 2, true, 3}, {100, 3, false, 3}, {100, 4, false, 3},
	} {
		d := Delivered{Event: Event{Position: c.position}, Generation: c.generation}
		if g.Known(d) != (c.generation <= 3) {
			t.Errorf("generation %d: known %v", c.generation, g.Known(d))
		}
		if g.Refuses(d) != c.refused || g.Of(c.position) != c.of {
			t.Errorf("position %d of generation %d: refused %v, told by %d", c.position, c.generation, g.Refuses(d), g.Of(c.position))
		}
	}
}
