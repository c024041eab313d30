package dossier_test

import (
	"testing"
	"time"

	"dossier/domain/dossier"
)

func TestAComplaintHasALimitOfItsOwnBesideTheDossiers(t *testing.T) {
	// Opened on a Tuesday, 24 November 2026. 30 days later is Thursday 24 December; 45 days later Friday 8 January 2027; 60 days later Saturday 23
	// January 2027, which moves to Monday 25.
	opened := on26(11, 24, 9, 0)
	day27 := func(d int) time.Time { return time.Date(2027, 1, d+1, -7, 0, 0, 0, time.UTC).Add(-time.Microsecond) }
	for name, c := range map[string]struct {
		wish dossier.OpenComplaint
		due  time.Time
	}{
		"a complaint":                   {dossier.OpenComplaint{Other: "d-3", Kind: "complaint"}, endOf26(12, 24)},
		"a complex complaint":           {dossier.OpenComplaint{Other: "d-3", Kind: "complaint", Complex: true}, day27(8)},
		"a second complaint":            {dossier.OpenComplaint{Other: "d-3", Kind: "appeal"}, day27(8)},
		"a complex second complaint":    {dossier.OpenComplaint{Other: "d-3", Kind: "appeal", Complex: true}, day27(25)},
		"a lawsuit, which is a court's": {dossier.OpenComplaint{Other: "d-3", Kind: "lawsuit"}, time.Time{}},
	} {
		l := in(t, dossier.Returned)
		due := l.state.Due
		events, err := l.do(by(reception, c.wish, func(x *dossier.Context) { x.Now = opened }))
		if err != nil {
			t.Fatal(err)
		}
		e := events[0].(dossier.ComplaintOpened)
		if !l.state.Complaints[0].Due.Equal(c.due) || e.Assumed == c.due.IsZero() {
			t.Errorf("%s: due %v, want %v; assumed %v", name, l.state.Complaints[0].Due, c.due, e.Assumed)
		}
		if !l.state.Due.Equal(due) {
			t.Errorf("%s moved the dossier's own date from %v to %v", name, due, l.state.Due)
		}
		for _, late := range []bool{false, true} {
			if late && c.due.IsZero() {
				continue
			}
			events, err := l.ask(by(reception, dossier.CloseComplaint{Number: 1, Finding: dossier.Upheld}, func(x *dossier.Context) {
				x.Now = opened.Add(24 * time.Hour)
				if late {
					x.Now = c.due.Add(time.Second)
				}
			}))
			if err != nil || events[0].(dossier.ComplaintClosed).Late != late {
				t.Errorf("%s, closed late %v: %+v, %v", name, late, events, err)
			}
		}
	}
}
