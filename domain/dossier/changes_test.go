package dossier_test

import (
	"slices"
	"testing"
	"time"

	"dossier/domain/dossier"
)

// news are the fields that differ with their new values.
func news(before, after dossier.State) (list []string) {
	for _, c := range dossier.Changes(&before, &after) {
		list = append(list, c.Field+"="+c.New)
	}
	return list
}

func TestTheAuditTrailTellsEachNoticeOfATimerOnce(t *testing.T) {
	due := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	half, whole := dossier.Fired{Timer: dossier.ProcessingTimer, Notice: "due_soon", Share: 50, Due: due, Tells: "case_officer"}, dossier.Fired{Timer: dossier.ProcessingTimer, Notice: "due", Share: 100, Due: due, Tells: "division_head"}
	none, one, both := dossier.State{}, dossier.State{Fired: []dossier.Fired{half}}, dossier.State{Fired: []dossier.Fired{half, whole}}
	first := []string{"timer=processing", "notice=due_soon", "share=50", "timer_due=2026-11-27T10:00:00Z", "tells=case_officer"}
	second := []string{"timer=processing", "notice=due", "share=100", "timer_due=2026-11-27T10:00:00Z", "tells=division_head"}
	for _, c := range []struct {
		name          string
		before, after dossier.State
		want          []string
	}{
		{"the first", none, one, first}, {"the second", one, both, second}, {"both", none, both, slices.Concat(first, second)}, {"none", both, both, nil},
		{"another in its place", dossier.State{Fired: []dossier.Fired{whole}}, one, first},
	} {
		if got := news(c.before, c.after); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestTheAuditTrailTellsWhoseNoticesAnUndoCorrected(t *testing.T) {
	correction := func(to, withdraws string) dossier.Correction {
		return dossier.Correction{To: to, Withdraws: []string{withdraws}}
	}
	undone := func(act string, list ...dossier.Correction) dossier.State {
		return dossier.State{Undone: dossier.Undone{Act: act}, Corrected: list}
	}
	a, b := correction("applicant", "receipt_void"), correction("approver", "unit_told")
	for _, c := range []struct {
		name          string
		before, after dossier.State
		want          []string
	}{
		{"the first of an undo", undone("accept"), undone("accept", a), []string{"corrected_to=applicant", "withdraws=receipt_void"}},
		{"the second of an undo", undone("accept", a), undone("accept", a, b), []string{"corrected_to=approver", "withdraws=unit_told"}},
		{"those of another undo, all of them", undone("accept", a), undone("forward", a), []string{"undone=forward", "corrected_to=applicant", "withdraws=receipt_void"}},
		{"those of an earlier moment, all of them", undone("accept", a, b), undone("accept", b), []string{"corrected_to=approver", "withdraws=unit_told"}},
		{"nothing new", undone("accept", a, b), undone("accept", a, b), nil},
	} {
		if got := news(c.before, c.after); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}
