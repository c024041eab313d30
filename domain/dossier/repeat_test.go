package dossier_test

import (
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
)

// A wish that is a fact by now yields nothing. Another content, or another account where the act bears a name, is another wish: it is
// done or refused, never passed over.
func TestOnlyTheSameWishIsPassedOver(t *testing.T) {
	secondDesk := domain.Actor{Account: "reception-2", Role: domain.ReceptionOfficer, Unit: "mot-cua"}
	part := func(who domain.Actor, c dossier.CheckComponent) act { c.Component = "tp-1"; return by(who, c) }
	bad := dossier.CheckComponent{Verdict: dossier.Insufficient, Reason: "missing"}
	until := monday.Add(1000 * time.Hour)
	for _, c := range []struct {
		given  []act
		wish   act
		others []act
	}{
		{on(dossier.WithdrawalRequestedStatus, letGo), letGo, []act{by(secondDesk, letGo.what)}},
		{on(dossier.Submitted, part(reception, bad)), part(reception, bad), []act{
			part(secondDesk, bad), part(reception, dossier.CheckComponent{Verdict: dossier.Sufficient}),
			part(reception, dossier.CheckComponent{Verdict: dossier.Insufficient, Reason: "illegible"}),
			by(reception, dossier.CheckComponent{Component: "tp-2", Verdict: dossier.Insufficient, Reason: "missing"})}},
		{on(dossier.PendingApproval, delegate), delegate, []act{
			by(deputy, delegate.what), by(leader, dossier.DelegateDecision{To: "officer-2", Block: "tuq", Until: until}),
			by(leader, dossier.DelegateDecision{To: "head", Block: "kt", Until: until}), by(leader, dossier.DelegateDecision{To: "head", Block: "tuq", Until: until.Add(time.Hour)})}},
		{on(dossier.Resolved, byPost), byPost, []act{by(citizen, dossier.ChooseDelivery{Way: dossier.Counter})}},
		{on(dossier.Resolved, byPost, post, cameBack), cameBack, []act{by(returnDesk, dossier.FailDelivery{Reason: "lost"})}},
		{on(dossier.Resolved, byPost, post, cameBack), by(returnDesk, dossier.FailDelivery{Reason: "not_met"}), []act{byPost}},
		{on(dossier.AwaitingPayment), charge, []act{
			by(feeDesk, dossier.RequestPayment{Amount: 1, Fees: []dossier.Code{"phi-tham-dinh"}}),
			by(feeDesk, dossier.RequestPayment{Amount: 1_200_000, WindowDays: 5, Fees: []dossier.Code{"phi-tham-dinh"}})}},
		{on(dossier.Submitted, charge), charge, []act{by(feeDesk, dossier.RequestPayment{Amount: 1_200_001, Fees: []dossier.Code{"phi-tham-dinh"}})}},
		{on(dossier.Resolved, charge), charge, nil},
		{on(dossier.Appraising, askLonger), askLonger, []act{
			by(officer, dossier.ProposeExtension{Due: monday.Add(31 * day), Reason: "awaiting_laboratory"}), by(officer, dossier.ProposeExtension{Due: monday.Add(30 * day), Reason: "complex_case"})}},
		{on(dossier.WithdrawalRequestedStatus, keep), keep, []act{by(reception, dossier.RejectWithdrawal{Reason: "not_by_owner"})}},
		{on(dossier.PendingApproval, rework), rework, []act{by(leader, dossier.ReturnForRework{Reason: "incomplete_appraisal"})}},
		{on(dossier.Appraising, stop), stop, []act{
			by(leader, dossier.StopDossier{Reason: "void", Basis: "nd-118-2025.21"}), by(leader, dossier.StopDossier{Reason: "legal_impediment", Basis: "nd-118-2025.22"})}},
		{on(dossier.PendingApproval, endorse), endorse, []act{by(head, dossier.Endorse{Outcome: dossier.Refuse}, prescribing(twoLevels))}},
		{on(dossier.Submitted, atOnce), atOnce, []act{by(reception, dossier.ResolveAtOnce{Outcome: dossier.Refuse}, atOnce.how)}},
		{on(dossier.Appraising, complain), complain, []act{
			by(reception, dossier.OpenComplaint{Other: "d-9", Kind: "complaint"}), by(reception, dossier.OpenComplaint{Other: "d-3", Kind: "lawsuit"})}},
		{on(dossier.AwaitingPayment, pay), pay, []act{
			by(feeDesk, dossier.ConfirmPayment{Number: 1, Amount: 1, Method: "cash", Receipt: "bl-7"}), by(feeDesk, dossier.ConfirmPayment{Number: 1, Amount: 1_200_000, Method: "transfer", Receipt: "bl-7"})}},
		{on(dossier.AwaitingPayment, unpaid), unpaid, []act{by(domain.Actor{Account: "fee-desk-2", Role: domain.FeeOfficer}, unpaid.what)}},
		{on(dossier.Resolved, findError), findError, []act{
			by(citizen, dossier.ReportError{Paper: 1, Part: "ngay-sinh", By: "authority"}), by(citizen, dossier.ReportError{Paper: 1, Part: "ten", By: "applicant"}),
			by(citizen, dossier.ReportError{Paper: 2, Part: "ten", By: "authority"})}},
		{on(dossier.Submitted, passOn, takeOver), takeOver, []act{by(domain.Actor{Account: "neighbour-2", Role: domain.ReceptionOfficer, Unit: "so-khac"}, takeOver.what)}},
		{on(dossier.Appraising, test, finish), finish, []act{by(officer, dossier.FinishWork{Number: 1, Finding: dossier.Failed})}},
		{on(dossier.Appraising, inspect, mend, mended), mended, []act{by(citizen, dossier.ReportRemediation{Number: 1})}},
		{on(dossier.Accepted, undo(dossier.Accepted)), undo(dossier.Accepted), []act{
			by(secondDesk, undo(dossier.Accepted).what), by(reception, dossier.UndoAct{Act: "accept", Reason: "wrong_dossier"}), by(reception, dossier.UndoAct{Act: "forward", Reason: "wrong_content"})}},
		{on(dossier.Appraising, test), test, []act{
			by(officer, dossier.BeginWork{Kind: dossier.Laboratory, Unit: "phong-khac", Due: monday.Add(240 * time.Hour)}),
			by(officer, dossier.BeginWork{Kind: dossier.DeskCheck, Unit: "phong-xet-nghiem", Due: monday.Add(240 * time.Hour)})}},
		{on(dossier.Appraising, inspect), inspect, []act{by(officer, dossier.BeginWork{Kind: dossier.Inspection, At: monday.Add(49 * time.Hour)})}},
	} {
		l := given(t, c.given...)
		if events, err := l.ask(c.wish); err != nil || len(events) > 0 {
			t.Errorf("%s again: %v, %v", c.wish.what.Name(), types(events), err)
		}
		for _, other := range c.others {
			if events, err := l.ask(other); err == nil && len(events) == 0 {
				t.Errorf("%+v by %s is passed over as if it were %+v by %s", other.what, other.who.Account, c.wish.what, c.wish.who.Account)
			}
		}
	}
}

func TestAFeeIsDueInItsOwnWindowOrIn15Days(t *testing.T) {
	for days, want := range map[int]string{0: "2026-12-08", 1: "2026-11-24", 5: "2026-11-30"} { // the fifth day is a Saturday
		l := in(t, dossier.Submitted)
		l.now = monday
		l.then(t, by(feeDesk, dossier.RequestPayment{Amount: 1, WindowDays: days, Fees: []dossier.Code{"phi-tham-dinh"}}))
		if got := l.state.Payments[0].Until.In(time.FixedZone("", 7*60*60)).Format(time.DateOnly); got != want {
			t.Errorf("a window of %d days ends on %s, want %s", days, got, want)
		}
	}
}

func TestTheWindowOfASupplementIsThatOfTheProcedureElseThatOfTheLaw(t *testing.T) {
	within := func(days int) func(*dossier.Context) {
		return func(x *dossier.Context) { x.Procedure.SupplementDays = days }
	}
	for _, c := range []struct {
		how  func(*dossier.Context)
		want int
	}{{within(1), 1}, {within(0), 15}, {func(x *dossier.Context) { x.Procedure = nil }, 15}} {
		l := in(t, dossier.Submitted).then(t, by(reception, askAtDesk.what, c.how))
		if got := l.state.Supplements[0].WindowDays; got != c.want {
			t.Errorf("%d days, want %d", got, c.want)
		}
	}
}

// What an account may do is offered; what no content could make possible is offered with the reason against it.
func TestAnOfferSaysWhatStandsAgainstIt(t *testing.T) {
	for _, c := range []struct {
		given   []act
		who     domain.Actor
		command string
		want    string
	}{
		{paths[dossier.Resolved], returnDesk, "send", ""},
		{on(dossier.Resolved, byPost, post), returnDesk, "send", "already_sent"},
		{on(dossier.Resolved, byPost), returnDesk, "fail-delivery", "not_sent"},
		{on(dossier.Resolved, byPost, post), returnDesk, "fail-delivery", ""},
		{paths[dossier.Appraising], citizen, "answer-message", "no_open_message"},
		{on(dossier.AwaitingPayment), feeDesk, "refund-payment", "nothing_to_refund"},
		{on(dossier.AwaitingPayment, pay), feeDesk, "refund-payment", ""},
		{on(dossier.AwaitingPayment, pay, refund), feeDesk, "refund-payment", "nothing_to_refund"},
		{on(dossier.Appraising, inspect), citizen, "report-remediation", "no_open_work"},
		{on(dossier.Appraising, inspect, mend), citizen, "report-remediation", ""},
		{on(dossier.Appraising, askByNote), citizen, "answer-message", ""},
		{paths[dossier.Appraising], reception, "close-complaint", "no_open_complaint"},
		{on(dossier.Appraising, complain), reception, "close-complaint", ""},
		{on(dossier.Submitted, by(reception, dossier.CheckComponent{Component: "tp-1", Verdict: dossier.Insufficient, Reason: "missing"})), reception, "accept", "component_insufficient"},
	} {
		offered, found := "", false
		for _, o := range dossier.Offers(given(t, c.given...).state, c.who) {
			if o.Command == c.command {
				found = true
				if o.Refusal != nil {
					offered = o.Refusal.Code
				}
			}
		}
		if !found || offered != c.want {
			t.Errorf("%s to %s: offered %v, against it stands %q, want %q", c.command, c.who.Account, found, offered, c.want)
		}
	}
}

func TestAGroupHasOneLead(t *testing.T) {
	lead, member, other := dossier.LinkDossier{Other: "d-1", Kind: dossier.GroupLead}, dossier.LinkDossier{Other: "d-2", Kind: dossier.GroupMember}, dossier.LinkDossier{Other: "d-9", Kind: dossier.GroupMember}
	for _, c := range []struct {
		name  string
		given []act
		wish  dossier.LinkDossier
		want  string
	}{
		{"a lead where there is nothing yet", nil, lead, ""},
		{"a member where there is nothing yet", nil, member, ""},
		{"a second member", []act{by(reception, member)}, other, ""},
		{"a second lead", []act{by(reception, lead)}, dossier.LinkDossier{Other: "d-3", Kind: dossier.GroupLead}, "group_has_lead"},
		{"a lead of a lead", []act{by(reception, member)}, lead, "group_has_lead"},
		{"a member of a member", []act{by(reception, lead)}, member, "group_has_lead"},
	} {
		if _, err := in(t, dossier.Submitted).then(t, c.given...).ask(by(reception, c.wish)); refusal(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestBeforeAnythingWasKnownThereIsNoDossier(t *testing.T) {
	l := in(t, dossier.Appraising)
	if s := dossier.AsOf(l.facts, nil, before(monday)); s.Exists() {
		t.Errorf("known before the first fact: %s", s.Status)
	}
	if s := dossier.AsOf(l.facts, nil, &monday); s.Status != dossier.Submitted {
		t.Errorf("known with the first fact: %s", s.Status)
	}
}
