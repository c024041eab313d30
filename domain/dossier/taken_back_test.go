package dossier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

func TestATransferThatIsSentBackIsTheOneThatWasNamed(t *testing.T) {
	l := in(t, dossier.Submitted).then(t, passBeside, by(reception, dossier.TransferDossier{To: "so-thu-ba", Mode: dossier.Parallel, Slip: "pc-13"}), sendBack)
	for _, tr := range l.state.Transfers {
		if (tr.Refused == "not_competent") != (tr.Number == 1) {
			t.Errorf("transfer %d: sent back for %q", tr.Number, tr.Refused)
		}
	}
}

func TestAnActThatWasTakenBackIsNotTakenBackAgain(t *testing.T) {
	l := in(t, dossier.Accepted).then(t, undo(dossier.Accepted))
	if events, err := l.ask(undo(dossier.Accepted)); err != nil || len(events) > 0 {
		t.Errorf("again: %v, %v", types(events), err)
	}
	l.then(t, accept)
	if events, err := l.ask(undo(dossier.Accepted)); err != nil || len(events) != 2 {
		t.Errorf("after another acceptance: %v, %v", types(events), err)
	}
}

// A request stops the clock only while the limit runs.
func TestARequestAtReceptionTouchesNoClock(t *testing.T) {
	for status, want := range map[dossier.Status]bool{dossier.SupplementAtReception: false, dossier.SupplementRequestedStatus: true} {
		u, can := in(t, status).state.Undoable()
		if !can || slices.Contains(u.Consequences, dossier.ClockChanges) != want {
			t.Errorf("%s: %+v", status, u)
		}
	}
}

func TestTheListsOfACommandAreReadToTheirEdge(t *testing.T) {
	body := func(n int, kind string) []byte {
		var items, parts []string
		for i := range n {
			items = append(items, fmt.Sprintf(`"tp-%d"`, i))
			parts = append(parts, fmt.Sprintf(`{"code":"tp-%d","kind":%q,"originals":1}`, i, kind))
		}
		return []byte(`{"items":[` + strings.Join(items[:1], ",") + `],"reason":"missing","parts":[` + strings.Join(parts, ",") + `]}`)
	}
	for name, c := range map[string]struct {
		body []byte
		read bool
	}{
		"50 parts": {body(50, "paper"), true}, "51 parts": {body(51, "paper"), false}, "a part of a kind nobody knows": {body(1, "rumour"), false},
	} {
		if _, err := dossier.DecodeCommand("request-supplement", c.body); (err == nil) != c.read {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhoseAppraisalWasTakenBackMayDecide(t *testing.T) {
	l := in(t, dossier.Appraising)
	if !slices.Equal(l.state.Appraisers, []string{"officer"}) {
		t.Fatalf("appraised by %q", l.state.Appraisers)
	}
	if l.then(t, undo(dossier.Appraising)); len(l.state.Appraisers) > 0 {
		t.Errorf("after it was taken back: %q", l.state.Appraisers)
	}
}

// Whoever answers what has arrived after eight working hours is late; refusing what was not supplemented answers nothing that arrived,
// and appraisal has a time of its own.
func TestOnlyAnAnswerToWhatArrivedIsLate(t *testing.T) {
	late := func(events []dossier.Event) bool {
		switch e := events[0].(type) {
		case dossier.ReceptionRefused:
			return e.Late
		case dossier.SupplementRequested:
			return e.Late
		}
		t.Fatalf("%T", events[0])
		return false
	}
	for _, c := range []struct {
		name  string
		given dossier.Status
		wish  act
		want  bool
	}{
		{"a refusal at once", dossier.Submitted, refuse, false},
		{"a refusal after days", dossier.Submitted, by(reception, refuse.what, after(5*day)), true},
		{"a request at reception at once", dossier.Submitted, askAtDesk, false},
		{"a request at reception after days", dossier.Submitted, by(reception, askAtDesk.what, after(5*day)), true},
		{"a request in appraisal on the next working day", dossier.Appraising, by(officer, askInCase.what, after(2*day)), false},
		{"a refusal for a supplement that never came", dossier.SupplementAtReception, by(reception, dossier.RefuseReception{Reason: dossier.SupplementExpired, Basis: "nd-118-2025.19.5"}, after(40*day)), false},
	} {
		events, err := in(t, c.given).ask(c.wish)
		if err != nil || late(events) != c.want {
			t.Errorf("%s: %+v, %v", c.name, events, err)
		}
	}
}

func TestFeesAreTouchedWhenReceptionIsTakenBack(t *testing.T) {
	for _, c := range []struct {
		given []act
		want  bool
	}{{on(dossier.Submitted, charge, pay, accept), true}, {paths[dossier.Accepted], false}, {on(dossier.ReceptionRefusedStatus), false}, {on(dossier.Submitted, charge, refuse), true}, {on(dossier.Submitted, charge, pay, accept, forward), false}} {
		u, _ := given(t, c.given...).state.Undoable()
		if slices.Contains(u.Consequences, dossier.FeesTouched) != c.want {
			t.Errorf("%s taken back: %q", u.Act, u.Consequences)
		}
	}
}

func TestOfTwoEndorsementsTheLastIsTakenBack(t *testing.T) {
	l := in(t, dossier.PendingApproval)
	l.flow = procedure.Flow{Approvals: []procedure.Approval{{Level: 1, Role: domain.DivisionHead}, {Level: 2, Role: domain.DivisionHead}, {Level: 3, Role: domain.Approver}}}
	second := domain.Actor{Account: "head-2", Role: domain.DivisionHead, Unit: "phong-thu-y"}
	l.then(t, by(head, endorse.what), by(second, endorse.what))
	at := l.state.Endorsed[1].At
	if u, can := l.state.Undoable(); !can || u.Act != "endorse" || !u.At.Equal(at) {
		t.Fatalf("%+v", u)
	}
	l.then(t, by(second, dossier.UndoAct{Act: "endorse", Reason: "wrong_content", Seen: []dossier.Code{"unit_told"}}))
	if len(l.state.Endorsed) != 1 || l.state.Endorsed[0].By != "head" {
		t.Errorf("left is %+v", l.state.Endorsed)
	}
}

// The silence of a unit counts as the step says that asked for it, by its unit or by what it was asked.
func TestSilenceCountsAsItsStepSays(t *testing.T) {
	for _, c := range []struct {
		ask  dossier.RequestOpinion
		want dossier.Verdict
	}{
		{dossier.RequestOpinion{Unit: "phong-xet-nghiem", Due: monday.Add(240 * time.Hour)}, dossier.Agreed},
		{dossier.RequestOpinion{Unit: "phong-khac", Subject: "y-kien", Due: monday.Add(240 * time.Hour)}, dossier.Agreed},
		{dossier.RequestOpinion{Unit: "phong-khac", Subject: "hoi-dong", Due: monday.Add(240 * time.Hour)}, ""},
	} {
		l := in(t, dossier.Appraising)
		l.flow = inspecting
		l.then(t, by(officer, c.ask), by(officer, dossier.RecordOpinion{Number: 1, Verdict: dossier.NoAnswer}, after(30*day)))
		if got := l.state.Opinions[0].Counts; got != c.want {
			t.Errorf("%+v: counts as %q, want %q", c.ask, got, c.want)
		}
	}
}

func TestWorkThatNoProcedurePrescribesIsInOrderAndDueWhenSaid(t *testing.T) {
	l := in(t, dossier.Appraising).then(t, by(officer, dossier.BeginWork{Kind: dossier.Laboratory, Unit: "phong-xet-nghiem"}, func(x *dossier.Context) { x.Procedure = nil }))
	if w := l.state.Works[0]; w.OutOfFlow || !w.Due.IsZero() {
		t.Errorf("%+v", w)
	}
}

func TestWhatIsToBeMendedIsDueInTheProceduresWindowElseIn15Days(t *testing.T) {
	for days, want := range map[int]int{0: 15, 1: 1} {
		l := in(t, dossier.Appraising)
		l.flow.RemediationDays = days
		l.then(t, inspect, mend)
		mended := l.state.Works[1]
		if got := int(mended.Due.Sub(mended.BegunAt) / day); got < want || got > want+2 { // the end of the day; a weekend moves it
			t.Errorf("a window of %d days: due %s after %s", days, mended.Due, mended.BegunAt)
		}
	}
}
