package dossier_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

func vietnamDays(n int) []calendar.Limit {
	return []calendar.Limit{{Value: n, Unit: calendar.WorkingDays}}
}

func TestAPartIsCheckedAndCheckedAgainOnceItIsBroughtAnew(t *testing.T) {
	bad := by(reception, dossier.CheckComponent{Component: "tp-1", Verdict: dossier.Insufficient, Reason: "illegible"})
	l := in(t, dossier.Submitted).then(t, bad)
	if got := l.state.Insufficient(); !slices.Equal(got, []string{"tp-1"}) {
		t.Fatalf("insufficient %v", got)
	}
	l.then(t, by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-1"}, Reason: "illegible", Parts: []dossier.Part{{Code: "tp-1", Kind: "paper", Originals: 1}}}), supply, accept)
	if l.state.Status != dossier.Accepted || len(l.state.Insufficient()) > 0 {
		t.Errorf("%q, insufficient %v", l.state.Status, l.state.Insufficient())
	}
	if q := l.state.Supplements[0]; q.Number != 1 || q.Parts[0].Originals != 1 {
		t.Errorf("round %+v", q)
	}
}

func TestADecisionPassesItsLevelsFromBelow(t *testing.T) {
	l := in(t, dossier.PendingApproval)
	l.flow = twoLevels
	l.then(t, by(head, dossier.Endorse{Outcome: dossier.Grant}))
	if e := l.state.Endorsed; len(e) != 1 || e[0].Level != 1 || e[0].By != "head" || l.state.Status != dossier.PendingApproval {
		t.Fatalf("%+v", e)
	}
	l.then(t, rework, propose)
	if _, err := l.ask(approve); refusal(err) != "levels_missing" {
		t.Errorf("after rework the levels begin anew: %v", err)
	}
	l.then(t, by(head, dossier.Endorse{Outcome: dossier.Grant}), approve)
	if l.state.Status != dossier.Approved {
		t.Errorf("status %q", l.state.Status)
	}
}

func TestADelegateDecidesAndSignsInTimeAndThePaperSaysForWhom(t *testing.T) {
	l := in(t, dossier.PendingApproval).then(t, delegate, by(head, approve.what), by(head, dossier.SignResult{}))
	for _, f := range l.facts {
		switch e := f.Event.(type) {
		case dossier.DecisionApproved:
			if e.Block != "tuq" || e.For != "leader" {
				t.Errorf("%+v", e)
			}
		case dossier.ResultSigned:
			if e.Block != "tuq" || e.For != "leader" {
				t.Errorf("%+v", e)
			}
		}
	}
	if l.state.Decided.By != "head" || !l.state.Signed.Done() {
		t.Errorf("%+v", l.state)
	}
}

func TestWhoMayNotDecideGivesNoDelegationOfTheOrganisationEither(t *testing.T) {
	given := func(by string, since, until time.Duration) func(*dossier.Context) {
		return func(x *dossier.Context) {
			x.Delegations = []dossier.Delegation{{To: head.Account, Block: "tl", By: by, Since: x.Now.Add(since), Until: x.Now.Add(until)}}
		}
	}
	tests := []struct {
		name    string
		how     func(*dossier.Context)
		decides bool
	}{
		{"from the approver, while it lasts", given(leader.Account, -day, day), true},
		{"from the approver, to the last moment", given(leader.Account, -day, 0), true},
		{"from the approver, from the first moment", given(leader.Account, 0, day), true},
		{"when it is over", given(leader.Account, -day, -time.Minute), false},
		{"before it begins", given(leader.Account, time.Minute, day), false},
		{"from one who appraised the dossier", given(officer.Account, -day, day), false},
		{"to somebody else", func(x *dossier.Context) {
			given(leader.Account, -day, day)(x)
			x.Delegations[0].To = "colleague"
		}, false},
	}
	for _, test := range tests {
		events, err := in(t, dossier.PendingApproval).ask(by(head, approve.what, test.how))
		var refusal *domain.Refusal
		switch errors.As(err, &refusal); {
		case test.decides && (err != nil || events[0].(dossier.DecisionApproved).Block != "tl" || events[0].(dossier.DecisionApproved).For != "leader"):
			t.Errorf("%s: %+v, %v", test.name, events, err)
		case !test.decides && (refusal == nil || refusal.Code != "not_delegated"):
			t.Errorf("%s: %+v, %v", test.name, events, err)
		}
	}
}

func TestApproveSignNumberAndIssueAreFourActs(t *testing.T) {
	l := in(t, dossier.PendingApproval).then(t, approve, sign, number, issue)
	s := l.state
	if s.Status != dossier.Resolved || !s.Decided.At.Before(s.Signed.At) || !s.Signed.At.Before(s.Numbered.At) || !s.Numbered.At.Before(s.Issued.At) {
		t.Errorf("%+v %+v %+v %+v", s.Decided, s.Signed, s.Numbered, s.Issued)
	}
}

func TestSilenceDecidesWhereTheProcedureSaysSo(t *testing.T) {
	l := in(t, dossier.PendingApproval)
	l.flow = procedure.Flow{OnSilence: procedure.Refused}
	l.then(t, by(leader, dossier.DecideBySilence{}, after(60*day)))
	if l.state.Status != dossier.Approved || l.state.Decision != dossier.Refuse || !l.state.Silence {
		t.Errorf("%+v", l.state)
	}
}

func TestANotificationEndsAsPublishedWithoutADecision(t *testing.T) {
	l := in(t, dossier.Appraising).then(t, publish)
	if s := l.state; s.Status != dossier.Resolved || s.Outcome != dossier.Published || s.Decided.Done() || s.Status.National() != 9 || s.Words("en") != "Notification published" {
		t.Errorf("%+v", s)
	}
}

func TestAnImmediateProcedureIsReceivedAndResolvedInOneActOfSeparateFacts(t *testing.T) {
	l := in(t, dossier.Submitted)
	events, err := l.do(atOnce)
	if err != nil || len(events) != 6 || l.state.Status != dossier.Resolved || l.state.Outcome != dossier.Granted || !l.state.Accepted.At.Equal(l.state.Issued.At) {
		t.Errorf("%v, %v, %q", types(events), err, l.state.Status)
	}
}

func TestAFeeDuringProcessingHoldsTheDossierAndItsClock(t *testing.T) {
	for _, from := range []dossier.Status{dossier.Appraising, dossier.PendingApproval} {
		l := in(t, from)
		due := l.state.Due
		l.then(t, charge)
		if l.state.Status != dossier.AwaitingPayment || l.state.Clock.StoppedAt.IsZero() || l.state.Status.National() != 6 {
			t.Fatalf("%q, clock %+v", l.state.Status, l.state.Clock)
		}
		l.now = l.now.Add(4 * day)
		l.then(t, pay)
		if l.state.Status != from || !l.state.Clock.StoppedAt.IsZero() || !l.state.Due.After(due) || l.state.BackTo != "" {
			t.Errorf("from %s: %q, due %v after %v", from, l.state.Status, l.state.Due, due)
		}
	}
}

func TestAFeeThatIsNotPaidStopsTheDossier(t *testing.T) {
	l := in(t, dossier.AwaitingPayment).then(t, unpaid)
	if l.state.Status != dossier.Stopped || l.state.StoppedReason != dossier.PaymentExpired || !l.state.Payments[0].Expired {
		t.Errorf("%+v", l.state)
	}
}

func TestMoneyThatComesWhileAWithdrawalIsThoughtOverIsNotForgotten(t *testing.T) {
	l := in(t, dossier.AwaitingPayment).then(t, withdraw, pay, keep)
	if l.state.Status != dossier.Appraising || !l.state.Clock.StoppedAt.IsZero() || l.state.BackTo != "" {
		t.Errorf("%q, clock %+v", l.state.Status, l.state.Clock)
	}
}

func TestAFeeElsewhereMovesNothing(t *testing.T) {
	for _, from := range []dossier.Status{dossier.Submitted, dossier.SupplementRequestedStatus, dossier.Approved, dossier.Resolved} {
		l := in(t, from).then(t, charge)
		if l.state.Status != from {
			t.Errorf("%s became %q", from, l.state.Status)
		}
		l.then(t, pay, refund)
		if p := l.state.Payments[0]; l.state.Status != from || p.Owed() || p.Refunded != p.Amount {
			t.Errorf("%s: %q, %+v", from, l.state.Status, p)
		}
	}
}

func TestAResultThatCameBackIsSentAgain(t *testing.T) {
	l := in(t, dossier.Resolved).then(t, byPost, post, cameBack, by(returnDesk, dossier.SendResult{Slip: "vn-2"}), by(returnDesk, dossier.ReturnResult{Way: dossier.Post}))
	if d := l.state.Delivery; d.Status != dossier.Delivered || d.Tries != 2 || l.state.Status != dossier.Returned {
		t.Errorf("%+v", d)
	}
}

func TestTheClockStartsWhenTheCompetentAgencyHasReceived(t *testing.T) {
	l := in(t, dossier.Submitted).then(t, passOn)
	if s := l.state; s.Transfers[0].Due.IsZero() || s.Competent() != "mot-cua" || !s.Clock.From().IsZero() {
		t.Fatalf("%+v", s.Transfers)
	}
	l.then(t, takeOver)
	received := l.state.LastChange
	l.then(t, by(neighbour, dossier.AcceptDossier{}))
	if s := l.state; s.Competent() != "so-khac" || !s.Agencies.Since.Equal(received) || !s.Clock.StartedAt.Equal(s.Accepted.At) || s.Transfers[0].ReceivedBy != "neighbour" {
		t.Errorf("%+v", s.Agencies)
	}
}

func TestATransferAfterAcceptanceNeverTouchesTheClockAndSideBySideKeepsTheLead(t *testing.T) {
	l := in(t, dossier.Appraising)
	clock := l.state.Due
	l.then(t, passBeside, by(neighbour, takeOver.what, after(5*day)))
	if s := l.state; !s.Due.Equal(clock) || s.Competent() != "mot-cua" || !s.Transfers[0].Late {
		t.Errorf("due %v, competent %s, %+v", s.Due, s.Competent(), s.Transfers)
	}
}

func TestAComplaintHoldsTheRecordUntilItIsClosed(t *testing.T) {
	l := in(t, dossier.Returned).then(t, complain)
	if !l.state.Held() {
		t.Fatal("no legal hold")
	}
	l.then(t, by(reception, dossier.CloseComplaint{Number: 1, Finding: dossier.Overturned, Basis: "qd-14"}), revoke, announce, dispose)
	if s := l.state; s.Held() || s.Status != dossier.Disposed || s.Papers[0].Status != dossier.Revoked {
		t.Errorf("%+v", s)
	}
}

func TestTheRegisterSaysWhichPaperStands(t *testing.T) {
	l := in(t, dossier.Approved)
	l.flow = procedure.Flow{Results: []procedure.Result{{Code: "chung-chi", ValidMonths: 60, RenewDays: 90}, {Code: "phu-luc"}}}
	l.then(t, sign, number, issue)
	if len(l.state.Papers) != 2 {
		t.Fatalf("%+v", l.state.Papers)
	}
	p := l.state.Papers[0]
	if p.ValidUntil.Year() != 2031 || !p.RenewFrom.Equal(p.ValidUntil.AddDate(0, 0, -90)) || !p.Stands(l.now) || p.Stands(p.ValidUntil.Add(time.Second)) {
		t.Errorf("%+v", p)
	}
	l.then(t, findError, putRight, replace)
	if s := l.state; s.Papers[0].Stands(l.now) || !s.Papers[2].Stands(l.now) || s.Papers[2].Replaces != 1 || s.Mistakes[0].Late || s.Mistakes[0].Due.IsZero() {
		t.Errorf("%+v, %+v", s.Papers, s.Mistakes)
	}
	l.then(t, by(leader, dossier.RevokeResult{Paper: 3, Reason: "conditions_lost", Decision: "qd-13", Basis: "nd-118-2025.22"}))
	if l.state.Papers[2].Stands(l.now) || l.state.Status != dossier.Resolved {
		t.Errorf("%+v", l.state.Papers)
	}
}

func TestACorrectionAfterThreeWorkingDaysIsLate(t *testing.T) {
	l := in(t, dossier.Resolved).then(t, findError, by(clerk, putRight.what, after(8*day)))
	if !l.state.Mistakes[0].Late || l.state.Papers[0].Status != dossier.Corrected {
		t.Errorf("%+v", l.state.Mistakes)
	}
}

func TestARefusalIsAResultOfTheRegisterToo(t *testing.T) {
	l := in(t, dossier.PendingApproval).then(t, by(leader, dossier.Approve{Outcome: dossier.Refuse}), sign, number, issue)
	if p := l.state.Papers; len(p) != 1 || p[0].Code != "refusal" {
		t.Errorf("%+v", p)
	}
}

func TestAnApologyNeverChangesHowTheDossierCounts(t *testing.T) {
	l := in(t, dossier.Appraising).then(t, sorry)
	due := l.state.Due
	if l.state.Apology.Count != 1 || !l.state.Due.Equal(due) || l.state.Class(l.now) != dossier.Past {
		t.Fatalf("%+v, %q", l.state.Apology, l.state.Class(l.now))
	}
	l.then(t, propose, approve, sign, number, issue)
	if got := l.state.Class(l.now); got != dossier.Overdue {
		t.Errorf("class %q, though a later date was promised", got)
	}
}

func TestMessagesAreNumberedAwaitAnswersAndMoveNothing(t *testing.T) {
	l := in(t, dossier.SupplementRequestedStatus)
	before := l.state
	l.then(t, askByNote, jot, by(officer, dossier.SendMessage{Topic: "information"}), answer)
	s := l.state
	if s.Messages.Count != 3 || s.Messages.Notes != 1 || len(s.Messages.Open) != 0 {
		t.Errorf("%+v", s.Messages)
	}
	if s.Status != before.Status || !s.Due.Equal(before.Due) || s.Clock.StoppedAt != before.Clock.StoppedAt || !s.LastChange.Equal(before.LastChange) {
		t.Error("a message moved the dossier")
	}
}

func TestTheServiceIsRatedAndUnitsAreUrged(t *testing.T) {
	if l := in(t, dossier.Returned).then(t, rate); l.state.Rating.Overall != "good" {
		t.Errorf("%+v", l.state.Rating)
	}
	if l := in(t, dossier.Forwarded).then(t, urge); l.state.Urges != 1 || l.facts[3].Event.(dossier.UnitUrged).Unit != "phong-thu-y" {
		t.Errorf("%+v", l.facts[3].Event)
	}
}

func TestAnAdjustedPartIsToBeCheckedAgain(t *testing.T) {
	l := in(t, dossier.Submitted).then(t, by(reception, dossier.CheckComponent{Component: "tp-1", Verdict: dossier.Insufficient, Reason: "missing"}), adjust, accept)
	if l.state.Status != dossier.Accepted || !l.state.Adjusted.Done() {
		t.Errorf("%+v", l.state)
	}
}

// Undo, act by act, back to the beginning.
func TestActsAreTakenBackOneByOneAndTheDossierStandsAsIfTheyHadNotBeen(t *testing.T) {
	l := in(t, dossier.Approved).then(t, sign, number)
	for _, want := range []struct {
		act    dossier.Code
		who    domain.Actor
		status dossier.Status
	}{
		{"number", clerk, dossier.Approved}, {"sign", leader, dossier.Approved}, {"approve", leader, dossier.PendingApproval}, {"submit-for-approval", officer, dossier.Appraising},
		{"start-appraisal", officer, dossier.Assigned}, {"assign-officer", head, dossier.Forwarded}, {"forward", reception, dossier.Accepted}, {"accept", reception, dossier.Submitted},
	} {
		u, can := l.state.Undoable()
		if !can || u.Act != string(want.act) {
			t.Fatalf("%+v, want %s", u, want.act)
		}
		c := undo(dossier.Accepted).what.(dossier.UndoAct)
		c.Act = want.act
		l.then(t, by(want.who, c))
		if l.state.Status != want.status {
			t.Fatalf("%s taken back: %q, want %q", want.act, l.state.Status, want.status)
		}
	}
	if s := l.state; s.Signed.Done() || s.Decided.Done() || s.Accepted.Done() || !s.Due.IsZero() || !s.Clock.From().IsZero() || s.Officer != "" || !s.LastChange.Equal(s.Submitted.At) {
		t.Errorf("%+v", s)
	}
	l.then(t, accept, forward, assign, start, propose, approve, sign, number, issue, handOver)
}

func TestAnUndoShowsWhatTheActHasDoneBeforeItIsTakenBack(t *testing.T) {
	l := in(t, dossier.Accepted)
	u, _ := l.state.Undoable()
	if !slices.Equal(u.Consequences, []dossier.Consequence{dossier.ApplicantTold, dossier.ReceiptIssued, dossier.ClockChanges}) || !u.OldDue.Equal(l.state.Due) {
		t.Fatalf("%+v", u)
	}
	_, err := l.ask(by(reception, dossier.UndoAct{Act: "accept", Reason: "wrong_dossier"}))
	speaks(t, err)
	if refusal(err) != "consequences_not_seen" {
		t.Fatal(err)
	}
	accepted := l.state.Accepted.At
	events, err := l.do(undo(dossier.Accepted))
	if err != nil || !slices.Equal(events[0].(dossier.ActUndone).Consequences, []dossier.Code{"applicant_told", "receipt_issued", "clock_changes"}) {
		t.Fatalf("%+v, %v", events, err)
	}
	if f := l.facts[len(l.facts)-1]; !f.OccurredAt.Equal(accepted) {
		t.Errorf("it is true at %v, and what it takes back at %v", f.OccurredAt, accepted)
	}
	before := accepted.Add(time.Minute)
	if s := dossier.AsOf(l.facts, &before, nil); s.Status != dossier.Submitted {
		t.Errorf("then it was %q, as we know now", s.Status)
	}
}

func TestASupplementThatIsTakenBackMayBeAskedForAgainAndStoppedNoClock(t *testing.T) {
	l := in(t, dossier.SupplementRequestedStatus).then(t, undo(dossier.SupplementRequestedStatus))
	if l.state.Status != dossier.Appraising || !l.state.Clock.StoppedAt.IsZero() || len(l.state.Supplements) > 0 {
		t.Fatalf("%+v", l.state)
	}
	l.then(t, askInCase)
}

// The soft windows, over the calendar: 23/11/2026 is a Monday, the 24th a day off.
func TestTheWindowsOfReceptionAreCountedOverTheCalendar(t *testing.T) {
	at := func(value string) time.Time {
		m, err := time.ParseInLocation("2006-01-02 15:04", value, time.FixedZone("", 7*3600))
		if err != nil {
			t.Fatal(err)
		}
		return m.UTC()
	}
	when := func(value string) func(*dossier.Context) {
		return func(x *dossier.Context) { x.Now = at(value) }
	}
	for _, c := range []struct {
		filed, answered string
		late            bool
	}{
		{"2026-11-20 16:30", "2026-11-23 16:30", false}, {"2026-11-20 16:30", "2026-11-23 16:31", true},
		{"2026-11-23 16:00", "2026-11-25 16:00", false}, {"2026-11-23 16:00", "2026-11-25 16:01", true},
		{"2026-02-13 20:00", "2026-02-23 17:00", false}, {"2026-02-13 20:00", "2026-02-23 17:01", true},
	} {
		l := given(t, by(citizen, submit.what, when(c.filed)))
		events, err := l.do(by(reception, dossier.AcceptDossier{}, when(c.answered)))
		if err != nil || events[0].(dossier.DossierAccepted).Late != c.late {
			t.Errorf("filed %s, answered %s: %+v, %v", c.filed, c.answered, events, err)
		}
	}
	for _, c := range []struct {
		accepted, forwarded string
		late                bool
	}{
		{"2026-11-23 14:00", "2026-11-23 18:00", false}, {"2026-11-23 14:00", "2026-11-25 08:00", true},
		{"2026-11-23 15:00", "2026-11-23 23:59", false}, {"2026-11-23 15:00", "2026-11-25 08:00", true},
		{"2026-11-23 15:30", "2026-11-25 11:00", false}, {"2026-11-23 15:30", "2026-11-25 14:00", true},
	} {
		l := given(t, by(citizen, submit.what, when("2026-11-23 13:55")), by(reception, dossier.AcceptDossier{}, when(c.accepted)))
		events, err := l.do(by(reception, forward.what, when(c.forwarded)))
		if err != nil || events[0].(dossier.DossierForwarded).Late != c.late {
			t.Errorf("accepted %s, forwarded %s: %+v, %v", c.accepted, c.forwarded, events, err)
		}
	}
	l := in(t, dossier.Appraising)
	events, err := l.do(by(officer, askInCase.what, after(6*day)))
	if err != nil || !events[0].(dossier.SupplementRequested).Late {
		t.Errorf("a supplement after 3 working days: %+v, %v", events, err)
	}
}

func TestAFinishedDossierIsClassedByWhenItsResultWasReady(t *testing.T) {
	due := time.Date(2026, 11, 30, 16, 59, 59, 999999000, time.UTC)
	resolved := func(at time.Time) dossier.State {
		return dossier.State{Status: dossier.Returned, Due: due, Resolved: dossier.Act{By: "c", At: at}, Returned: dossier.Act{By: "r", At: due.Add(90 * day)}}
	}
	late := due.Add(90 * day)
	for _, c := range []struct {
		name string
		s    dossier.State
		now  time.Time
		want dossier.Class
	}{
		{"the day before is early", resolved(due.Add(-day)), late, dossier.Early},
		{"the morning of the day is on time", resolved(due.Add(-9 * time.Hour)), late, dossier.OnTime},
		{"its last moment is on time, whenever it is fetched", resolved(due), late, dossier.OnTime},
		{"a moment later is overdue", resolved(due.Add(time.Microsecond)), late, dossier.Overdue},
		{"in progress, there is time", dossier.State{Status: dossier.Appraising, Due: due}, due.Add(-9 * day), dossier.Within},
		{"in progress, it is due soon", dossier.State{Status: dossier.Appraising, Due: due}, due.Add(-day), dossier.Soon},
		{"in progress, it is past due", dossier.State{Status: dossier.Appraising, Due: due}, due.Add(day), dossier.Past},
		{"nothing is due while the clock stands still", dossier.State{Status: dossier.SupplementRequestedStatus, Due: due, Clock: dossier.Clock{StoppedAt: due.Add(-day)}}, late, dossier.Within},
		{"what was stopped has no class", dossier.State{Status: dossier.Stopped, Due: due}, late, dossier.NoClass},
		{"what has no date has no class", dossier.State{Status: dossier.Appraising}, late, dossier.NoClass},
	} {
		if got := c.s.Class(c.now); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	extended := resolved(due.Add(-day))
	extended.Extension = dossier.Extension{Original: due.Add(-9 * day)}
	if extended.Class(late) != dossier.Early || extended.OriginalClass(late) != dossier.Overdue {
		t.Errorf("%q and %q", extended.Class(late), extended.OriginalClass(late))
	}
}
