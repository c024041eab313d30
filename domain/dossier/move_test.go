package dossier_test

import (
	"testing"

	"dossier/domain/dossier"
)

func TestADossierIsMovedToAnotherVersionByAnActWithItsGroundAndKeepsItsDate(t *testing.T) {
	l := given(t, paths[dossier.Accepted]...)
	before := l.state
	events, err := l.do(moveOn)
	if err != nil || len(events) != 1 {
		t.Fatalf("%v, %v", events, err)
	}
	moved := events[0].(dossier.VersionMoved)
	if moved.FromVersion != 1 || moved.ToVersion != 2 || moved.Ground != "transition_rule" || moved.Basis != "nd-309-2026.5" {
		t.Errorf("%+v", moved)
	}
	if l.state.ProcedureVersion != 2 || l.state.Status != before.Status || !l.state.Due.Equal(before.Due) {
		t.Errorf("version %d, %s, due %s; it was due %s", l.state.ProcedureVersion, l.state.Status, l.state.Due, before.Due)
	}
	if again, err := l.do(moveOn); err != nil || len(again) != 0 {
		t.Errorf("moved twice: %v, %v", again, err)
	}
}
