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
