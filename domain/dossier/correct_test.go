package dossier_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier/domain/dossier"
)

func TestWhoWasToldOfAnActThatIsTakenBackIsToldSo(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []act
		want  string
	}{
		{"an acceptance", paths[dossier.Accepted], "applicant: applicant_told receipt_issued clock_changes"},
		{"an acceptance with a fee", on(dossier.Submitted, charge, pay, accept), "applicant: applicant_told receipt_issued clock_changes fees_touched; fee_officer: fees_touched"},
		{"a refusal of reception", paths[dossier.ReceptionRefusedStatus], "applicant: applicant_told refusal_issued"},
		{"a request for a supplement", paths[dossier.SupplementRequestedStatus], "applicant: applicant_told supplement_slip_issued clock_changes"},
		{"a forwarding", paths[dossier.Forwarded], "division_head: unit_told"},
		{"an assignment", paths[dossier.Assigned], "case_officer: unit_told"},
		{"a proposal", paths[dossier.PendingApproval], "approver: unit_told"},
		{"a decision", paths[dossier.Approved], "case_officer: unit_told; clerk: unit_told"},
		{"a signature", on(dossier.Approved, sign), "clerk: signature_void"},
		{"an acceptance of which the applicant was written", on(dossier.Accepted, by(reception, dossier.SendMessage{Topic: "question", AnswerBy: monday.Add(2000 * time.Hour)})), "applicant: applicant_told receipt_issued clock_changes message:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := given(t, c.given...)
			foreseen := l.state.Corrections()
			u, _ := l.state.Undoable()
			wish := dossier.UndoAct{Act: dossier.Code(u.Act), Reason: "wrong_content"}
			for _, consequence := range u.Consequences {
				wish.Seen = append(wish.Seen, dossier.Code(consequence))
			}
			who := undo(l.state.Status).who
			if u.Act == "sign" {
				who = leader
			}
			l.then(t, by(who, wish))
			var told []string
			for _, f := range l.facts {
				if e, is := f.Event.(dossier.NoticeCorrected); is {
					var what []string
					for _, w := range e.Withdraws {
						what = append(what, string(w))
					}
					told = append(told, string(e.To)+": "+strings.Join(what, " "))
				}
			}
			if got := strings.Join(told, "; "); got != c.want {
				t.Errorf("told %s, want %s", got, c.want)
			}
			if !cmp.Equal(l.state.Corrected, foreseen) {
				t.Errorf("foreseen %v, told %v", foreseen, l.state.Corrected)
			}
			if events, err := l.ask(by(who, wish)); err != nil || len(events) > 0 {
				t.Errorf("sent again: %v, %v", types(events), err)
			}
		})
	}
}

// What a timer told because of an act is withdrawn with it, and told again once it is true again.
func TestWhatATimerToldBecauseOfAnActIsWithdrawnWithIt(t *testing.T) {
	l := in(t, dossier.Accepted)
	due := l.state.Due
	told := by(timers, dossier.FireTimer{Timer: dossier.ProcessingTimer, Notice: dossier.NoticeDueSoon, Share: 50, Due: due, Tells: []dossier.Code{"case_officer"}, Rule: "processing"}, both(under(&vietnam), after(3*day)))
	l.then(t, told)
	if len(l.state.Fired) != 1 {
		t.Fatalf("fired %v", l.state.Fired)
	}
	l.then(t, undo(dossier.Accepted))
	want := []dossier.Correction{{To: "applicant", Withdraws: []string{"applicant_told", "receipt_issued", "clock_changes"}}, {To: "case_officer", Unit: "mot-cua", Withdraws: []string{"timer:processing:0"}}}
	if !cmp.Equal(l.state.Corrected, want) || len(l.state.Fired) != 0 {
		t.Errorf("corrected %v, still told %v", l.state.Corrected, l.state.Fired)
	}
	for lang, words := range map[string]string{"vi": "Lời nhắc:", "en": "Reminder:"} {
		if got := dossier.Label("withdrawn", "receipt_issued, timer:processing:0, message:2", lang); !strings.Contains(got, words) || strings.Contains(got, "_") {
			t.Errorf("in words: %s", got)
		}
	}
}

func TestWhatThePortalKnowsIsADimensionOfItsOwn(t *testing.T) {
	tell := func(code int, outcome dossier.PortalOutcome) act {
		c := dossier.RecordPortalStatus{Code: code, Outcome: outcome}
		if outcome == dossier.PortalFailed {
			c.Error = "err-98"
		}
		return by(timers, c, under(&vietnam))
	}
	for _, c := range []struct {
		name  string
		given []act
		sync  dossier.PortalSync
		taken int
		tries int
	}{
		{"nothing was told", paths[dossier.Accepted], dossier.PortalNever, 0, 0},
		{"sent, no answer", on(dossier.Accepted, tell(2, dossier.PortalPending)), dossier.PortalWaiting, 0, 0},
		{"taken", on(dossier.Accepted, tell(2, dossier.PortalPending), tell(2, dossier.PortalAccepted)), dossier.PortalInSync, 2, 0},
		{"the dossier goes on", on(dossier.Accepted, tell(2, dossier.PortalAccepted), forward), dossier.PortalBehind, 2, 0},
		{"it fails twice", on(dossier.Forwarded, tell(2, dossier.PortalAccepted), tell(4, dossier.PortalFailed), tell(4, dossier.PortalFailed)), dossier.PortalTrouble, 2, 2},
		{"and is taken after all", on(dossier.Forwarded, tell(4, dossier.PortalFailed), tell(4, dossier.PortalAccepted)), dossier.PortalInSync, 4, 0},
	} {
		l := given(t, c.given...)
		if p := l.state.Portal; l.state.PortalSync() != c.sync || p.Taken != c.taken || p.Failures != c.tries {
			t.Errorf("%s: %s, %+v", c.name, l.state.PortalSync(), p)
		}
	}
	before := in(t, dossier.Accepted)
	status, due, last := before.state.Status, before.state.Due, before.state.LastChange
	before.then(t, tell(3, dossier.PortalFailed))
	if s := before.state; s.Status != status || !s.Due.Equal(due) || !s.LastChange.Equal(last) {
		t.Errorf("it moved the dossier: %+v", s)
	}
	if events, err := given(t, on(dossier.Accepted, tell(2, dossier.PortalAccepted))...).ask(tell(2, dossier.PortalAccepted)); err != nil || len(events) > 0 {
		t.Errorf("told again: %v, %v", types(events), err)
	}
}

func TestAMessageNamesItsFilesAndWhatTheyAreHeldTo(t *testing.T) {
	file := attach.what.(dossier.AttachFile)
	l := in(t, dossier.Appraising).then(t, attach, by(officer, dossier.SendMessage{Topic: "information", Files: []dossier.Code{dossier.Code(file.File)}}))
	sent := l.facts[len(l.facts)-1].Event.(dossier.MessageSent)
	if !slices.Equal(sent.Files, []dossier.Enclosure{{File: file.File, Commitment: file.Commitment}}) || l.state.Files[0].Message != 1 {
		t.Errorf("sent %+v, files %+v", sent.Files, l.state.Files)
	}
	l.then(t, askByNote, by(citizen, dossier.AnswerMessage{Number: 2, Files: []dossier.Code{dossier.Code(file.File)}}))
	if l.state.Files[0].Message != 3 {
		t.Errorf("the file went with message %d last", l.state.Files[0].Message)
	}
}
