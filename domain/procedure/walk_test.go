package procedure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dossier/domain/calendar"
	"dossier/domain/procedure"

	"pgregory.net/rapid"
)

// everyWay carries a dossier through its steps in every order there is. It remembers nothing and skips nothing, and says which steps were
// ever finished and which sets of finished steps cannot be left although the end is not reached.
func everyWay(steps []procedure.WorkStep, holds func(string) bool, done []string, finished map[string]bool) (ends bool) {
	ends = true
	for _, s := range steps {
		if s.Required && holds(s.When) && !slices.Contains(done, s.Code) {
			ends = false
		}
	}
	for _, s := range steps {
		ready := holds(s.When) && !slices.Contains(done, s.Code)
		for _, a := range s.After {
			ready = ready && slices.Contains(done, a)
		}
		if ready {
			finished[s.Code] = true
			if everyWay(steps, holds, append(slices.Clone(done), s.Code), finished) {
				ends = true
			}
		}
	}
	return ends
}

func TestLawTheWalkFindsWhatEveryPossibleOrderFinds(t *testing.T) {
	base, _ := procedure.Lookup("vet-practice-cert-issue")
	rapid.Check(t, func(t *rapid.T) {
		v := base
		v.Facts, v.Fees, v.Components = nil, nil, nil
		facts := []string{""}
		for i := range rapid.IntRange(0, 2).Draw(t, "facts") {
			name := fmt.Sprintf("f%d", i)
			facts = append(facts, name)
			v.Facts = append(v.Facts, procedure.Condition{Name: name, NameVI: name, NameEN: name, When: "true"})
		}
		n := rapid.IntRange(1, 4).Draw(t, "steps")
		v.Flow.Steps = nil
		for i := range n {
			s := procedure.WorkStep{Code: fmt.Sprintf("s%d", i), Kind: procedure.DeskCheck, NameVI: "x", NameEN: "x",
				Required: rapid.Bool().Draw(t, "required"), When: rapid.SampledFrom(facts).Draw(t, "when")}
			for j := range n {
				if rapid.IntRange(0, 3).Draw(t, "after") == 0 {
					s.After = append(s.After, fmt.Sprintf("s%d", j))
				}
			}
			v.Flow.Steps = append(v.Flow.Steps, s)
		}
		v.Limits, v.LimitCases = nil, nil
		if rapid.Bool().Draw(t, "limit") {
			v.Limits = []calendar.Limit{{Value: 1, Unit: calendar.WorkingDays}}
		}

		finished, dead := map[string]bool{}, false
		for _, c := range procedure.AllCases(v) {
			holds := func(f string) bool { return f == "" || slices.Contains(c, f) }
			if !everyWay(v.Flow.Steps, holds, nil, finished) {
				dead = true
			}
		}
		foundDead, foundUnlimited, lost := false, false, map[string]bool{}
		for _, f := range procedure.Check(v, nil) {
			switch {
			case f.Code == "dead_end":
				foundDead = true
				lost[f.Path] = true
				if len(f.History) < 6 || f.VI == "" {
					t.Errorf("a dead end without the way to it: %+v", f)
				}
			case f.Code == "missing_limit":
				foundUnlimited = true
			case f.Code == "unreachable":
				lost[f.Path] = true
			default:
				t.Fatalf("%+v", f)
			}
		}
		if foundDead != dead {
			t.Errorf("a dead end: found %v, there is %v", foundDead, dead)
		}
		if foundUnlimited != (len(v.Limits) == 0) {
			t.Errorf("a missing limit: found %v", foundUnlimited)
		}
		for i, s := range v.Flow.Steps {
			if !finished[s.Code] && !lost[fmt.Sprintf("flow.steps[%d]", i)] {
				t.Errorf("step %s is never reached, and nothing is said", s.Code)
			}
		}
	})
}

func TestADeadEndIsToldWithTheHistoryThatLeadsToIt(t *testing.T) {
	v, _ := procedure.Lookup("vet-practice-cert-issue") // its one fact is foreigner
	v.Flow.Steps = []procedure.WorkStep{
		{Code: "registry", Kind: procedure.DeskCheck, NameVI: "x", NameEN: "x", When: "foreigner"},
		{Code: "desk", Kind: procedure.DeskCheck, NameVI: "x", NameEN: "x", Required: true, After: []string{"registry"}},
	}
	findings := procedure.Check(v, nil)
	if len(findings) != 1 || findings[0].Code != "dead_end" || findings[0].Path != "flow.steps[1]" {
		t.Fatalf("%+v", findings)
	}
	history := strings.Join(findings[0].History, "\n")
	for _, want := range []string{"foreigner=false", "submitted", "appraisal-started", "step desk waits for ever", "only due under “foreigner”"} {
		if !strings.Contains(history, want) {
			t.Errorf("the history lacks %q:\n%s", want, history)
		}
	}
	if findings := procedure.Check(v, []procedure.Case{{"foreigner"}}); len(findings) != 0 {
		t.Errorf("where every dossier is a foreigner's there is no dead end: %+v", findings)
	}
}
