package batch_test

import (
	"strings"
	"testing"

	"dossier/domain/batch"
)

func TestABatchThatIsToStopKnowsHowManyRefusalsItMayStillMeet(t *testing.T) {
	for _, c := range []struct {
		name string
		s    batch.State
		left int
	}{
		{"any number", batch.State{Refusals: 7}, -1},
		{"all of them", batch.State{StopAfter: 3}, 3},
		{"one", batch.State{StopAfter: 3, Refusals: 2}, 1},
		{"none", batch.State{StopAfter: 3, Refusals: 3}, 0},
		{"none when it met more at once", batch.State{StopAfter: 3, Refusals: 5}, 0},
	} {
		if got := c.s.Left(); got != c.left {
			t.Errorf("%s: %d, want %d", c.name, got, c.left)
		}
	}
}

func TestABatchIsAtWorkWhileItRunsOrIsTakenBack(t *testing.T) {
	for phase, at := range map[batch.Phase]bool{batch.PlannedPhase: false, batch.RunningPhase: true, batch.HaltedPhase: false, batch.FinishedPhase: false, batch.UndoingPhase: true, batch.CompensatedPhase: false} {
		if got := (batch.State{Phase: phase}).AtWork(); got != at {
			t.Errorf("%s: at work %t", phase, got)
		}
	}
	if (batch.State{}).Exists() || !given(planned).Exists() {
		t.Error("a batch exists from its plan on")
	}
}

func TestAnItemStandsInItsChunkAtItsPlace(t *testing.T) {
	for item, want := range map[int][2]int{0: {0, 0}, batch.ChunkSize - 1: {0, batch.ChunkSize - 1}, batch.ChunkSize: {1, 0}, 2*batch.ChunkSize + 500: {2, 500}} {
		if chunk, place := batch.Chunk(item); chunk != want[0] || place != want[1] {
			t.Errorf("item %d: chunk %d, place %d", item, chunk, place)
		}
	}
}

func TestTheFirstVersionIsTheLeastAnItemCanHave(t *testing.T) {
	var item batch.Item
	if err := item.UnmarshalText([]byte("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b@1")); err != nil || item.Version != 1 {
		t.Errorf("%v, %v", item, err)
	}
}

func TestAListOfItemsIsKnownByItsItemsTheirOrderAndTheirVersions(t *testing.T) {
	a, b := batch.Item{ID: [16]byte{1}, Version: 1}, batch.Item{ID: [16]byte{2}, Version: 1}
	sums := map[string]bool{}
	for _, list := range [][]batch.Item{nil, {a}, {a, b}, {b, a}, {a, {ID: b.ID, Version: 2}}} {
		sums[batch.Sum(list)] = true
	}
	if len(sums) != 5 || batch.Sum([]batch.Item{a, b}) != batch.Sum([]batch.Item{a, b}) {
		t.Errorf("five lists have %d sums", len(sums))
	}
}

// Whoever records beyond the end of a batch is at fault, whoever records nothing says nothing.
func TestNothingIsRecordedBeyondTheEnd(t *testing.T) {
	running, undoing := []batch.Event{planned, started}, []batch.Event{planned, started, batch.UndoStarted{Until: 2}}
	for _, c := range []struct {
		name  string
		given []batch.Event
		when  batch.Command
		fault string
	}{
		{"no results", running, batch.Record{}, ""},
		{"no results of taking back", undoing, batch.RecordUndo{}, ""},
		{"four of three", running, batch.Record{Results: []batch.Result{done, done, done, done}}, "items 0 to 4 of a batch of 3"},
		{"three of two taken back", undoing, batch.RecordUndo{Results: []batch.Result{done, done, done}}, "items 0 to 3 of 2"},
	} {
		events, err := batch.Decide(given(c.given...), c.when, officer)
		if len(events) > 0 || (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%s: %v, %v", c.name, events, err)
		}
	}
}

func TestWhatChangedADossierAndWhatStoodAgainstTheBatch(t *testing.T) {
	for _, o := range batch.Outcomes() {
		acted := o == "done" || o == "late"
		against := strings.Contains(" refused changed not_found failed ", " "+string(o)+" ")
		if o.Acted() != acted || (batch.Result{Outcome: o}).Against() != against {
			t.Errorf("%s: acted %t, against %t", o, o.Acted(), (batch.Result{Outcome: o}).Against())
		}
	}
	groups := []batch.Group{{Outcome: batch.Refused, Items: []int{1, 2}}, {Outcome: batch.Already, Items: []int{3}}, {Outcome: batch.Failed, Items: []int{4}}}
	if n := batch.Refusals(groups); n != 3 {
		t.Errorf("%d refusals, want 3", n)
	}
}

func TestWhatWouldBecomeOfAnItemIsSaidAsSomethingToCome(t *testing.T) {
	for o, want := range map[batch.Outcome][2]string{
		batch.Done: {"sẽ thực hiện", "would be done"}, batch.Refused: {"sẽ bị từ chối", "would be refused"}, batch.Already: {"đã như vậy từ trước", "it was so before"},
	} {
		if vi, en := batch.Foretold(o, "vi"), batch.Foretold(o, "en"); vi != want[0] || en != want[1] {
			t.Errorf("%s: %q, %q", o, vi, en)
		}
	}
	if vi, en := batch.Label(batch.Done, "vi"), batch.Label(batch.Done, "en"); vi != "đã thực hiện" || en != "done" {
		t.Errorf("%q, %q", vi, en)
	}
}

func TestWhatIsTakenBackIsCountedItemByItem(t *testing.T) {
	s := given(planned, started, batch.UndoStarted{Until: 3}, batch.Undone{From: 0, To: 1}, batch.Undone{From: 1, To: 3, Otherwise: []batch.Group{{Outcome: batch.MovedOn, Items: []int{2}}}})
	if s.Undo.Processed != 3 || s.Undo.Counts[batch.TakenBack] != 2 || s.Undo.Counts[batch.MovedOn] != 1 {
		t.Errorf("%+v", *s.Undo)
	}
}
