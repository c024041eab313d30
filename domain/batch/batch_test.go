package batch_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/internal/goldentest"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// stored is one event of each kind, as it went into a journal once. The files and their sums are never changed: what was stored is read
// for ever.
var stored = map[string]batch.Event{
	"batch.planned.v1":      batch.Planned{Command: "approve", Arguments: json.RawMessage(`{"outcome":"grant"}`), AnyVersion: true, Total: 2000, List: strings.Repeat("0f", 32)},
	"batch-list.listed.v1":  batch.Listed{Items: []batch.Item{{ID: uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b"), Version: 7}}},
	"batch.started.v1":      batch.Started{StopAfter: 3},
	"batch.progressed.v1":   batch.Progressed{From: 0, To: 1000, Otherwise: []batch.Group{{Outcome: batch.Refused, Code: "wrong_state", Basis: "NĐ 118/2025, Điều 17", Items: []int{5, 17}}, {Outcome: batch.Already, Items: []int{6}}}},
	"batch.halted.v1":       batch.Halted{Refusals: 3},
	"batch.finished.v1":     batch.Finished{Counts: map[batch.Outcome]int{batch.Done: 1997, batch.Refused: 2, batch.Already: 1}},
	"batch.undo-started.v1": batch.UndoStarted{Reason: "wrong_content", Seen: []string{"unit_told"}, Until: 2000},
	"batch.undone.v1":       batch.Undone{From: 0, To: 1000, Otherwise: []batch.Group{{Outcome: batch.MovedOn, Code: "dossier.result-signed", Items: []int{12}}}},
	"batch.compensated.v1":  batch.Compensated{Counts: map[batch.Outcome]int{batch.TakenBack: 1999, batch.MovedOn: 1}},
}

func TestStoredEventsAreReadForEver(t *testing.T) {
	goldentest.Events(t, stored, batch.TypeNames(), batch.Encode, batch.Decode, func(name string, event, read batch.Event) {
		if !reflect.DeepEqual(read, event) {
			t.Errorf("%s reads %+v", name, read)
		}
	})
}

var officer = domain.Actor{Account: "officer-1", Role: domain.CaseOfficer, Unit: "animal-health"}

// given folds events, all of the officer.
func given(events ...batch.Event) batch.State {
	var facts []batch.Fact
	for i, e := range events {
		facts = append(facts, batch.Fact{Version: int64(i + 1), By: officer, Event: e})
	}
	return batch.Fold(facts)
}

var (
	planned  = batch.Planned{Command: "forward", Arguments: json.RawMessage(`{"unit":"x"}`), Total: 3, List: "sum"}
	started  = batch.Started{}
	careful  = batch.Started{StopAfter: 2}
	undo     = batch.Undo{Reason: "wrong_content", Seen: []string{"unit_told"}}
	done     = batch.Result{Outcome: batch.Done}
	refused  = batch.Result{Outcome: batch.Refused, Code: "wrong_state"}
	finished = batch.Finished{Counts: map[batch.Outcome]int{batch.Done: 3}}
)

func TestDecisions(t *testing.T) {
	colleague := domain.Actor{Account: "officer-2", Role: domain.CaseOfficer}
	for _, c := range []struct {
		name  string
		given []batch.Event
		when  batch.Command
		by    domain.Actor
		then  []batch.Event
		code  string
	}{
		{"a plan", nil, batch.Plan{Command: "forward", Arguments: planned.Arguments, Items: 3, List: "sum"}, officer, []batch.Event{planned}, ""},
		{"a plan twice", []batch.Event{planned}, batch.Plan{Items: 3}, officer, nil, ""},
		{"a plan of nothing", nil, batch.Plan{}, officer, nil, "no_items"},
		{"a plan of the most", nil, batch.Plan{Items: batch.MostItems}, officer, []batch.Event{batch.Planned{Total: batch.MostItems}}, ""},
		{"a plan of too much", nil, batch.Plan{Items: batch.MostItems + 1}, officer, nil, "too_many_items"},
		{"a start", []batch.Event{planned}, batch.Start{}, officer, []batch.Event{started}, ""},
		{"a start by a colleague", []batch.Event{planned}, batch.Start{}, colleague, nil, "not_your_batch"},
		{"a start in another role", []batch.Event{planned}, batch.Start{}, domain.Actor{Account: "officer-1", Role: domain.Approver}, nil, "not_your_batch"},
		{"a start while it runs", []batch.Event{planned, started}, batch.Start{}, officer, nil, ""},
		{"a start that is to stop sooner", []batch.Event{planned, started}, batch.Start{StopAfter: 2}, officer, []batch.Event{careful}, ""},
		{"a start behind its end", []batch.Event{planned, started, finished}, batch.Start{}, officer, nil, ""},
		{"a start to stop after less than nothing", []batch.Event{planned}, batch.Start{StopAfter: -1}, officer, nil, "out_of_range"},
		{"a start again behind a halt", []batch.Event{planned, careful, batch.Halted{Refusals: 2}}, batch.Start{StopAfter: 2}, officer, []batch.Event{careful}, ""},
		{"a start of what is taken back", []batch.Event{planned, started, batch.UndoStarted{}}, batch.Start{}, officer, nil, "batch_taken_back"},
		{"progress", []batch.Event{planned, started}, batch.Record{From: 0, Results: []batch.Result{done, refused}}, officer,
			[]batch.Event{batch.Progressed{From: 0, To: 2, Otherwise: []batch.Group{{Outcome: batch.Refused, Code: "wrong_state", Items: []int{1}}}}}, ""},
		{"progress that another told", []batch.Event{planned, started, batch.Progressed{From: 0, To: 2}}, batch.Record{From: 0, Results: []batch.Result{done}}, officer, nil, ""},
		{"progress of what does not run", []batch.Event{planned}, batch.Record{From: 0, Results: []batch.Result{done}}, officer, nil, ""},
		{"progress of what is taken back", []batch.Event{planned, started, batch.UndoStarted{}}, batch.Record{From: 0, Results: []batch.Result{done}}, officer, nil, ""},
		{"progress to the end", []batch.Event{planned, started}, batch.Record{From: 0, Results: []batch.Result{done, done, done}}, officer,
			[]batch.Event{batch.Progressed{From: 0, To: 3}, finished}, ""},
		{"progress to the last refusal", []batch.Event{planned, careful}, batch.Record{From: 0, Results: []batch.Result{refused, refused}}, officer,
			[]batch.Event{batch.Progressed{From: 0, To: 2, Otherwise: []batch.Group{{Outcome: batch.Refused, Code: "wrong_state", Items: []int{0, 1}}}}, batch.Halted{Refusals: 2}}, ""},
		{"undo of what never ran", []batch.Event{planned}, undo, officer, nil, "batch_not_run"},
		{"undo of what is never taken back", []batch.Event{batch.Planned{Command: "issue", Total: 1}, started}, undo, officer, nil, "batch_not_undoable"},
		{"undo that has not seen", []batch.Event{planned, started, batch.Progressed{From: 0, To: 3}, finished}, batch.Undo{Reason: "wrong_content"}, officer, nil, "consequences_not_seen"},
		{"undo", []batch.Event{planned, started, batch.Progressed{From: 0, To: 3}, finished}, undo, colleague, []batch.Event{batch.UndoStarted{Reason: "wrong_content", Seen: []string{"unit_told"}, Until: 3}}, ""},
		{"undo while it runs", []batch.Event{batch.Planned{Command: "forward", Total: 5000}, started, batch.Progressed{From: 0, To: 700}}, undo, officer,
			[]batch.Event{batch.UndoStarted{Reason: "wrong_content", Seen: []string{"unit_told"}, Until: 700 + batch.ChunkSize}}, ""},
		{"undo twice", []batch.Event{planned, started, batch.UndoStarted{}}, undo, colleague, nil, ""},
		{"progress of taking back", []batch.Event{planned, started, batch.UndoStarted{Until: 3}}, batch.RecordUndo{From: 0, Results: []batch.Result{{Outcome: batch.TakenBack}}}, officer,
			[]batch.Event{batch.Undone{From: 0, To: 1}}, ""},
		{"progress of taking back that another told", []batch.Event{planned, started, batch.UndoStarted{Until: 3}, batch.Undone{From: 0, To: 1}}, batch.RecordUndo{From: 0, Results: []batch.Result{{Outcome: batch.TakenBack}}}, officer, nil, ""},
		{"the end of taking back", []batch.Event{planned, started, batch.UndoStarted{Until: 1}}, batch.RecordUndo{From: 0, Results: []batch.Result{{Outcome: batch.Untouched}}}, officer,
			[]batch.Event{batch.Undone{From: 0, To: 1, Otherwise: []batch.Group{{Outcome: batch.Untouched, Items: []int{0}}}}, batch.Compensated{Counts: map[batch.Outcome]int{batch.Untouched: 1}}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := batch.Decide(given(c.given...), c.when, c.by)
			if code, vi, en := refusal(err); code != c.code || err != nil && (vi == "" || en == "" || vi == en) {
				t.Errorf("%v, want %q in both languages", err, c.code)
			}
			if !reflect.DeepEqual(got, c.then) {
				t.Errorf("%+v, want %+v", got, c.then)
			}
		})
	}
}

func refusal(err error) (code, vi, en string) {
	var r *domain.Refusal
	var i *domain.Invalid
	switch {
	case errors.As(err, &r):
		return r.Code, r.VI, r.EN
	case errors.As(err, &i):
		return i.Code, i.VI, i.EN
	case err != nil:
		return err.Error(), "", ""
	}
	return "", "", ""
}

var anyResult = rapid.Custom(func(t *rapid.T) batch.Result {
	return batch.Result{
		Outcome: rapid.SampledFrom(batch.Outcomes()).Draw(t, "outcome"), Code: rapid.SampledFrom([]string{"", "wrong_state", "stale"}).Draw(t, "code"),
		Basis: rapid.SampledFrom([]string{"", "NĐ 118/2025, Điều 17"}).Draw(t, "basis"),
	}
})

func TestLawResultsComeBackFromTheirGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		results := rapid.SliceOfN(anyResult, 1, 50).Draw(t, "results")
		from := rapid.IntRange(0, 5000).Draw(t, "from")
		groups := batch.Grouped(from, results, batch.Done)
		if back := batch.Ungrouped(from, from+len(results), groups, batch.Done); !slices.Equal(back, results) {
			t.Fatalf("%v came back as %v", results, back)
		}
		a := rapid.IntRange(0, len(results)).Draw(t, "a")
		b := rapid.IntRange(a, len(results)).Draw(t, "b")
		if part := batch.Ungrouped(from+a, from+b, groups, batch.Done); !slices.Equal(part, results[a:b]) {
			t.Fatalf("of %v from %d to %d came back %v", results, a, b, part)
		}
	})
}

func TestLawAnItemIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		item := batch.Item{ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")), Version: rapid.Int64Range(1, 1<<40).Draw(t, "version")}
		b, _ := item.MarshalText()
		var back batch.Item
		if err := back.UnmarshalText(b); err != nil || back != item {
			t.Fatalf("%s reads %v, %v", b, back, err)
		}
	})
	for _, wrong := range []string{"", "x", "0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b", "0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b@0", "0b5f2c1e93d45e7a8a417c6d5e4f3a2b@7", "{b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b@7"} {
		if err := new(batch.Item).UnmarshalText([]byte(wrong)); err == nil {
			t.Errorf("%q was read", wrong)
		}
	}
}

// Whoever wishes what, in whatever order: every item is counted once, what is told has no gap, and a repeated wish adds nothing.
func TestLawEveryItemIsToldOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(1, 30).Draw(t, "items")
		s := given(batch.Planned{Command: "forward", Total: total})
		told, back := 0, 0
		for range rapid.IntRange(0, 40).Draw(t, "wishes") {
			var wish batch.Command
			results := rapid.SliceOfN(anyResult, 0, 5).Draw(t, "results")
			switch rapid.IntRange(0, 6).Draw(t, "wish") {
			case 0, 1:
				wish = batch.Start{StopAfter: rapid.IntRange(0, 4).Draw(t, "stop after")}
			case 2, 3, 4:
				from := rapid.IntRange(max(s.Processed-2, 0), s.Processed+1).Draw(t, "from")
				wish = batch.Record{From: from, Results: results[:min(len(results), max(total-from, 0))]}
			case 5:
				if rapid.IntRange(0, 5).Draw(t, "undo") > 0 {
					continue
				}
				wish = undo
			case 6:
				if s.Undo == nil {
					continue
				}
				wish = batch.RecordUndo{From: s.Undo.Processed, Results: results[:min(len(results), s.Undo.Until-s.Undo.Processed)]}
			}
			events, err := batch.Decide(s, wish, officer)
			if code, _, _ := refusal(err); err != nil && code == err.Error() {
				t.Fatal(err)
			}
			for _, e := range events {
				switch p := e.(type) {
				case batch.Progressed:
					if p.From != told {
						t.Fatalf("told from %d, it stood at %d", p.From, told)
					}
					told = p.To
				case batch.Undone:
					if p.From != back {
						t.Fatalf("taken back from %d, it stood at %d", p.From, back)
					}
					back = p.To
				}
				s = batch.Evolve(s, batch.Fact{Version: s.Version + 1, By: officer, Event: e})
			}
			if again, err := batch.Decide(s, wish, officer); len(events) > 0 && (err != nil || len(again) > 0) {
				if start, is := wish.(batch.Start); !is || start.StopAfter == 0 { // a halted batch may be started again
					t.Fatalf("%+v again: %+v, %v", wish, again, err)
				}
			}
			if n := counted(s.Counts); n != told || s.Processed != told || told > total || (s.Phase == batch.FinishedPhase) != (told == total && s.Undo == nil) {
				t.Fatalf("%d counted, %d told, %d of %d processed, %s", n, told, s.Processed, total, s.Phase)
			}
			if s.StopAfter > 0 && s.Phase == batch.RunningPhase && s.Left() == 0 {
				t.Fatalf("it runs on behind %d refusals", s.Refusals)
			}
		}
	})
}

func counted(counts map[batch.Outcome]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func TestEveryOutcomeAndPhaseHasItsWords(t *testing.T) {
	for _, o := range batch.Outcomes() {
		if batch.Label(o, "vi") == "" || batch.Label(o, "en") == "" {
			t.Errorf("%s has no words", o)
		}
	}
	for _, p := range []batch.Phase{batch.PlannedPhase, batch.RunningPhase, batch.HaltedPhase, batch.FinishedPhase, batch.UndoingPhase, batch.CompensatedPhase} {
		if batch.Label(p, "vi") == "" || batch.Label(p, "en") == "" {
			t.Errorf("%s has no words", p)
		}
	}
}

func TestWhatCanBeTakenBackHasConsequencesToBeSeen(t *testing.T) {
	var undoable []string
	for _, name := range dossier.CommandNames() {
		if _, can := dossier.ConsequencesOf(name); can {
			undoable = append(undoable, name)
		}
	}
	slices.Sort(undoable)
	want := []string{"accept", "approve", "assign-officer", "endorse", "forward", "number", "refuse-reception", "request-supplement", "sign", "start-appraisal", "submit-for-approval"}
	if !slices.Equal(undoable, want) {
		t.Errorf("%q, want %q", undoable, want)
	}
}
