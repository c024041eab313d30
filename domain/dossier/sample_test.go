package dossier_test

import (
	"testing"

	"dossier/domain/dossier"
)

func TestEveryCommandHasAnExampleThatIsUnderstood(t *testing.T) {
	for _, name := range dossier.CommandNames() {
		if _, err := dossier.DecodeCommand(name, dossier.Example(name)); err != nil {
			t.Errorf("%s with %s: %v", name, dossier.Example(name), err)
		}
	}
}

func TestEverySquareSaysItsEventsOrWhyNot(t *testing.T) {
	for _, c := range dossier.Cells() {
		if possible := len(c.Events) > 0; possible == (c.Refusal != "") || possible == (c.Answer("vi") != "") {
			t.Errorf("in %q %s: events %v, refusal %q, %q", c.From, c.Command, c.Events, c.Refusal, c.Answer("vi"))
		}
	}
	if want := len(dossier.CommandNames()) * (len(dossier.Statuses()) + 1); len(dossier.Cells()) != want {
		t.Errorf("%d squares, want %d", len(dossier.Cells()), want)
	}
}
