package dossier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dossier/domain/dossier"
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
	if events, err := l.ask(undo(dossier.Accepted)); err != nil || len(events) != 1 {
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
