package dossier_test

import (
	"testing"

	"dossier/domain/dossier"
)

// whole is a usual life: 36 facts from the filing to the end, with a check, an opinion, an inspection, a supplement, a fee and messages.
func whole(t testing.TB) []dossier.Fact {
	t.Helper()
	l := given(t, submit, checkPart, accept, forward, assign, start, askOpinion, opinion, inspect, by(officer, dossier.FinishWork{Number: 1, Finding: dossier.Passed}),
		note, askByNote, answer, jot, askInCase, supply, takeIn, charge, pay, propose, rework, propose, delegate, approve, sign, number, issue, byPost, post, handOver, rate)
	return l.facts
}

// BenchmarkFold folds whole lives, as every command and every page does.
func BenchmarkFold(b *testing.B) {
	facts := whole(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		sink = dossier.Fold(facts)
		n += len(facts)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkEvolve takes one fact after the other, as projections do: each leaves the state before as it was.
func BenchmarkEvolve(b *testing.B) {
	facts := whole(b)
	b.ReportAllocs()
	var s dossier.State
	n := 0
	for b.Loop() {
		if n == len(facts) {
			s, n = dossier.State{}, 0
		}
		s = dossier.Evolve(s, facts[n])
		n++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// What Evolve allocates for one more fact does not depend on how many there were.
func TestEvolveAllocatesNothingThatGrowsWithHistory(t *testing.T) {
	short := in(t, dossier.Appraising)
	long := in(t, dossier.Appraising)
	for range 500 {
		long.then(t, note, jot, by(officer, dossier.SendMessage{Topic: "information"}), by(head, dossier.AssignOfficer{Officer: "colleague"}), by(head, dossier.AssignOfficer{Officer: "officer"}))
	}
	ask := by(officer, dossier.SendMessage{Topic: "question", AnswerBy: long.now.Add(day)})
	check := by(officer, dossier.BeginWork{Kind: dossier.DeskCheck})
	for _, next := range []act{note, jot, ask, check, charge, withdraw, propose, askInCase, checkPart, link, by(head, dossier.AssignOfficer{Officer: "colleague"})} {
		if few, many := cost(t, short, next), cost(t, long, next); many > few {
			t.Errorf("%s allocates %v after %d facts and %v after %d", next.what.Name(), few, len(short.facts), many, len(long.facts))
		}
	}
	if few, many := bytesOf(short), bytesOf(long); many > few+300 { // the figures grow, the lists do not
		t.Errorf("a state of %d bytes after %d facts, of %d after %d", few, len(short.facts), many, len(long.facts))
	}
}

func cost(t *testing.T, l *life, next act) float64 {
	events, err := l.ask(next)
	if err != nil || len(events) == 0 {
		t.Fatalf("%s: %v", next.what.Name(), err)
	}
	fact := l.facts[len(l.facts)-1]
	fact.Event, fact.Version, fact.Meta.Actor = events[0], fact.Version+1, next.who.Account
	return testing.AllocsPerRun(20, func() { sink = dossier.Evolve(l.state, fact) })
}

var sink dossier.State

func bytesOf(l *life) int {
	b, _ := l.state.AppendJSON(nil)
	return len(b)
}
