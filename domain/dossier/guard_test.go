package dossier_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

const day = 24 * time.Hour

// sentence tells of one guard.
type sentence struct {
	name  string
	given []act
	when  act
	want  string
}

// Each hard guard, in a sentence: given these acts, this act is refused with this code.
func TestAHardGuardRefuses(t *testing.T) {
	agree := func(number int) act { return by(laboratory, dossier.RecordOpinion{Number: number, Verdict: "agreed"}) }
	opinionFrom := func(unit dossier.Code, due time.Time) act {
		return by(officer, dossier.RequestOpinion{Unit: unit, Due: due})
	}
	submitting := func(who domain.Actor, p dossier.Code, ch dossier.Channel) act {
		return by(who, dossier.SubmitDossier{Procedure: p, Channel: ch, Applicant: "ref-1"})
	}
	until := monday.Add(time.Hour) // when the supplement of these tales is asked

	for _, c := range append(lifeSentences(), []sentence{
		{"a dossier is not accepted twice by two officers", paths[dossier.Accepted], by(stranger(reception), dossier.AcceptDossier{}), "wrong_state"},
		{"nobody decides before it is submitted for approval", paths[dossier.Appraising], approve, "wrong_state"},
		{"nobody signs before the decision", paths[dossier.PendingApproval], sign, "wrong_state"},
		{"nothing follows a refusal of reception", paths[dossier.ReceptionRefusedStatus], accept, "after_end"},
		{"a resolved dossier takes no more steps", paths[dossier.Resolved], note, "after_end"},
		{"a returned dossier takes nothing", paths[dossier.Returned], by(stranger(returnDesk), dossier.ReturnResult{Way: dossier.Post}), "after_end"},
		{"a due date is recorded by imports only", paths[dossier.Accepted], by(reception, takeDue.what), "import_only"},
		{"an outcome is recorded by imports only", paths[dossier.Accepted], by(reception, takeEnd.what), "import_only"},
		{"an applicant does not accept", paths[dossier.Submitted], by(citizen, dossier.AcceptDossier{}), "not_allowed"},
		{"an administrator does not approve", paths[dossier.PendingApproval], by(domain.Actor{Account: "root", Role: domain.SystemAdmin}, approve.what), "not_allowed"},

		{"an act of tomorrow is refused", paths[dossier.Submitted], by(reception, dossier.AcceptDossier{}, earlier(-day, "")), "in_future"},
		{"an act older than 30 days is refused", nil, by(citizen, submit.what, earlier(31*day, "counter_entry")), "too_old"},
		{"an act before the one it follows is refused", paths[dossier.Submitted], by(reception, dossier.AcceptDossier{}, earlier(2*time.Hour, "counter_entry")), "before_last_change"},
		{"an import too keeps the order of what changes the state", paths[dossier.Submitted], by(importer, dossier.AcceptDossier{}, func(x *dossier.Context) { x.OccurredAt = monday.Add(-time.Hour) }), "before_last_change"},
		{"an act entered after six minutes needs a reason", paths[dossier.Submitted], by(reception, dossier.AcceptDossier{}, earlier(6*time.Minute, "")), "late_reason_missing"},
		{"a reason outside the list is no reason", paths[dossier.Submitted], by(reception, dossier.AcceptDossier{}, earlier(6*time.Minute, "forgot")), "invalid: not_in_list"},

		{"an unknown procedure is no procedure", nil, by(citizen, submit.what, func(x *dossier.Context) { x.Procedure = nil }), "invalid: unknown_procedure"},
		{"the rules of another procedure do not serve", nil, by(citizen, submit.what, func(x *dossier.Context) { x.Procedure.ID = "another" }), "invalid: unknown_procedure"},
		{"a procedure without a limit takes no dossiers", nil, submitting(citizen, "pesticide-trial-permit", dossier.Online), "not_open_for_filing"},
		{"an imported procedure takes no live dossiers", nil, by(citizen, dossier.SubmitDossier{Procedure: "ext:nl", Channel: dossier.Online, Applicant: "ref-1"}, func(x *dossier.Context) { p := procedure.ExternalVersion("ext:nl"); x.Procedure = &p }), "not_open_for_filing"},
		{"an officer does not file online in the applicant's place", nil, submitting(reception, "vet-practice-cert-renew", dossier.Online), "wrong_channel"},
		{"an applicant does not file at the counter alone", nil, submitting(citizen, "vet-practice-cert-renew", dossier.Counter), "wrong_channel"},
		{"a live dossier has no code of another system", nil, by(citizen, dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Online, Applicant: "ref-1", ExternalCode: "X-1"}), "invalid: import_only"},

		{"a version that was never published takes no dossiers over", paths[dossier.Accepted], by(leader, moveOn.what, func(x *dossier.Context) { x.Procedure = nil }), "unknown_version"},
		{"a dossier is moved to a version of its own procedure", paths[dossier.Accepted], by(leader, moveOn.what, func(x *dossier.Context) { x.Procedure.Number = 3 }), "unknown_version"},

		{"reception asks for a supplement once", []act{submit, askAtDesk, supply}, by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-4"}, Reason: "missing"}), "second_supplement"},
		{"reception does not ask again for the same item", []act{submit, askAtDesk, supply}, askAtDesk, "second_supplement"},
		{"appraisal asks for a supplement once", append(slices.Clone(paths[dossier.SupplementRequestedStatus]), supply, takeIn), askInCase, "second_supplement"},
		{"an open request is not changed", paths[dossier.SupplementAtReception], by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-9"}, Reason: "missing"}), "wrong_state"},
		{"nobody gives less time than the law", paths[dossier.Submitted], by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-1"}, Reason: "missing", WindowDays: 5}), "window_too_short"},
		{"an answer brings only what was asked for", paths[dossier.SupplementAtReception], by(citizen, dossier.SubmitSupplement{Items: []dossier.Code{"tp-7"}}), "item_not_asked"},
		{"half an answer is not accepted", append(slices.Clone(paths[dossier.SupplementRequestedStatus]), supplyHalf), takeIn, "items_unanswered"},
		{"a window that is open is not expired", paths[dossier.SupplementAtReception], by(reception, dossier.RefuseReception{Reason: dossier.SupplementExpired, Basis: "nd-118-2025.19.5"}, func(x *dossier.Context) { x.Now = until.Add(15*day - 12*time.Hour) }), "window_not_over"},
		{"without a request nothing has expired", paths[dossier.Submitted], by(reception, dossier.RefuseReception{Reason: dossier.SupplementExpired, Basis: "nd-118-2025.19.5"}), "window_not_over"},

		{"a complete answer does not expire", append(slices.Clone(paths[dossier.SupplementRequestedStatus]), supply), expire, "supplement_answered"},
		{"a window that is open does not expire", paths[dossier.SupplementRequestedStatus], by(reception, dossier.ExpireSupplement{}), "window_not_over"},

		{"a due date is extended once", append(slices.Clone(paths[dossier.Appraising]), askLonger, grantMore), by(officer, dossier.ProposeExtension{Due: monday.Add(60 * day), Reason: "complex_case"}), "second_extension"},
		{"an extension is proposed before it is approved", paths[dossier.Appraising], grantMore, "no_extension_proposed"},
		{"what has no due date is not extended", []act{submit, by(reception, dossier.AcceptDossier{}, func(x *dossier.Context) { x.Calendar = nil })}, askLonger, "no_due_date"},
		{"what is late is not extended", paths[dossier.Appraising], by(officer, askLonger.what, after(20*day)), "extension_when_late"},
		{"an extension leads to a later day", paths[dossier.Appraising], by(officer, dossier.ProposeExtension{Due: monday.Add(day), Reason: "complex_case"}), "extension_not_later"},
		{"a withdrawal is accepted, not declared", paths[dossier.Appraising], by(leader, dossier.StopDossier{Reason: dossier.ApplicantWithdrew, Basis: "nd-118-2025.21"}), "follows_by_itself"},
		{"nothing is withdrawn after the issue", paths[dossier.Resolved], withdraw, "after_end"},
		{"only the applicant's side withdraws", paths[dossier.Appraising], by(officer, dossier.RequestWithdrawal{}), "not_allowed"},

		{"nobody is assigned while the one-stop unit waits for an opinion", []act{submit, accept, by(reception, askOpinion.what)}, assign, "not_forwarded"},
		{"only the assignee starts the appraisal", paths[dossier.Assigned], by(colleague, dossier.StartAppraisal{}), "not_assignee"},
		{"an opinion is asked with a time to answer by", paths[dossier.Appraising], opinionFrom("phong-xet-nghiem", time.Time{}), "due_missing"},
		{"an answer is not due before the question", paths[dossier.Appraising], opinionFrom("phong-xet-nghiem", monday), "due_in_past"},
		{"a unit is not asked the same thing twice at a time", paths[dossier.Verifying], opinionFrom("phong-xet-nghiem", monday.Add(300*time.Hour)), "opinion_already_asked"},
		{"an answer needs its question", paths[dossier.Verifying], agree(2), "no_open_request"},
		{"an answer is not changed", []act{submit, accept, forward, assign, start, askOpinion, usual("RequestOpinion", dossier.Verifying), opinion}, by(laboratory, dossier.RecordOpinion{Number: 1, Verdict: "objected"}), "opinion_answered"},
		{"a live answer is never unknown", paths[dossier.Verifying], by(laboratory, dossier.RecordOpinion{Number: 1, Verdict: dossier.VerdictUnknown}), "invalid: import_only"},

		{"who appraised does not approve", paths[dossier.PendingApproval], by(appraiserIn, approve.what), "appraiser_decides"},
		{"who appraised does not sign", paths[dossier.Approved], by(appraiserIn, dossier.SignResult{}), "appraiser_decides"},
		{"who proposed after a reassignment does not approve either", []act{submit, accept, forward, assign, start, by(head, dossier.AssignOfficer{Officer: "colleague"}), by(colleague, propose.what)}, by(domain.Actor{Account: "colleague", Role: domain.Approver}, approve.what), "appraiser_decides"},
		{"a result is signed once", []act{submit, accept, forward, assign, start, propose, approve, sign}, by(deputy, dossier.SignResult{}), "already_signed"},
		{"a result is not issued before it is signed", paths[dossier.Approved], issue, "not_signed"},
		{"a decision is not changed by deciding again", paths[dossier.Approved], by(leader, dossier.Approve{Outcome: dossier.Refuse}), "wrong_state"},
		{"a live step has no source", paths[dossier.Accepted], by(reception, dossier.RecordStep{Code: "desk-check", Activity: "ext:t02"}), "invalid: import_only"},
		{"a live step is not irregular", paths[dossier.Accepted], by(reception, dossier.RecordStep{Code: "desk-check", Irregular: "wrong_state"}), "invalid: import_only"},
	}...) {
		t.Run(c.name, func(t *testing.T) {
			l := given(t, c.given...)
			_, err := l.ask(c.when)
			if got := refusal(err); got != c.want {
				t.Fatalf("%s: %q (%v), want %q", c.when.what.Name(), got, err, c.want)
			}
			told[c.want] = true
			speaks(t, err)
		})
	}
	for _, g := range dossier.Guards() {
		if !g.Soft && !told[g.Code] {
			t.Errorf("no sentence tells of the guard %s", g.Code)
		}
	}
}

var told = map[string]bool{}

// speaks demands that a refusal says in two languages what is wrong and what to do, without raw codes of states.
func speaks(t *testing.T, err error) {
	t.Helper()
	var r *domain.Refusal
	if !errors.As(err, &r) {
		return
	}
	for _, text := range []string{r.VI, r.EN} {
		if strings.Count(text, ".") < 1 || len(text) < 40 || strings.ContainsAny(text, "{}") {
			t.Errorf("%s does not explain itself: %q", r.Code, text)
		}
		for _, s := range dossier.Statuses() {
			if strings.Contains(string(s), "_") && strings.Contains(text, string(s)) {
				t.Errorf("%s shows the raw state %s: %q", r.Code, s, text)
			}
		}
	}
	if r.VI == r.EN {
		t.Errorf("%s says the same in both languages", r.Code)
	}
}

// Each soft guard: the act passes, and says how it was.
func TestASoftGuardLetsPassAndTells(t *testing.T) {
	t.Run("an act entered late passes with a reason, and says when it was true", func(t *testing.T) {
		l := in(t, dossier.Submitted).then(t, by(reception, dossier.AcceptDossier{}, earlier(30*time.Minute, "counter_entry")))
		if got, want := l.state.Accepted.At, monday.Add(30*time.Minute); !got.Equal(want) {
			t.Errorf("accepted at %v, want %v", got, want)
		}
		if l.facts[1].Meta.LateReason != "counter_entry" {
			t.Errorf("late reason %q", l.facts[1].Meta.LateReason)
		}
	})
	t.Run("an act entered within five minutes needs no reason", func(t *testing.T) {
		in(t, dossier.Submitted).then(t, by(reception, dossier.AcceptDossier{}, earlier(5*time.Minute, "")))
	})
	t.Run("an import may be as old as it likes and needs no reason", func(t *testing.T) {
		given(t, by(importer, submit.what, func(x *dossier.Context) { x.OccurredAt = monday.AddDate(-15, 0, 0) }))
	})
	t.Run("an act of 29 days ago passes", func(t *testing.T) {
		given(t, by(citizen, submit.what, earlier(29*day, "post_arrival")))
	})
	t.Run("an amount beside the fee table passes with a reason and is marked out of flow, the table's needs none", func(t *testing.T) {
		for amount, want := range map[int]bool{5: true, 50_000: false} {
			wish := dossier.RequestPayment{Amount: amount}
			if want {
				wish.Text = dossier.Text{Ref: "t-1", Commitment: "9f2c"}
			}
			events, err := in(t, dossier.Submitted).do(by(feeDesk, wish, func(x *dossier.Context) { x.Procedure = feeTable() }))
			if err != nil || events[0].(dossier.PaymentRequested).OutOfFlow != want || events[0].(dossier.PaymentRequested).Text != wish.Text {
				t.Errorf("%d: %+v, %v", amount, events, err)
			}
		}
	})
	t.Run("a supplement after its window is taken in and marked late", func(t *testing.T) {
		l := in(t, dossier.SupplementAtReception)
		events, err := l.do(by(citizen, dossier.SubmitSupplement{}, after(20*day)))
		if err != nil || !events[0].(dossier.SupplementSubmitted).Late || !l.state.Supplements[0].Late {
			t.Errorf("events %+v, err %v, want one marked late", events, err)
		}
	})
	t.Run("a supplement on the last evening is in time", func(t *testing.T) {
		l := in(t, dossier.SupplementAtReception)
		last := l.state.Supplements[0].Until
		events, err := l.do(by(citizen, dossier.SubmitSupplement{}, func(x *dossier.Context) { x.Now = last }))
		if err != nil || events[0].(dossier.SupplementSubmitted).Late {
			t.Errorf("events %+v, err %v, want one in time", events, err)
		}
	})
	t.Run("an opinion after its due time is recorded and marked late", func(t *testing.T) {
		events, err := in(t, dossier.Verifying).do(by(laboratory, opinion.what, after(11*day)))
		if err != nil || !events[0].(dossier.OpinionReceived).Late {
			t.Errorf("events %+v, err %v, want one marked late", events, err)
		}
	})
	t.Run("a dossier that waited in vain is refused as expired", func(t *testing.T) {
		expired := by(reception, dossier.RefuseReception{Reason: dossier.SupplementExpired, Basis: "nd-118-2025.19.5"}, after(20*day))
		if l := in(t, dossier.SupplementAtReception).then(t, expired); l.state.Status != dossier.ReceptionRefusedStatus {
			t.Errorf("status %q", l.state.Status)
		}
	})
}

func TestASoftGuardCanBeHeardBeforeTheActIsSent(t *testing.T) {
	for _, c := range []struct {
		name string
		life *life
		act  act
		want []string
	}{
		{"in time there is nothing to say", in(t, dossier.SupplementAtReception), supply, nil},
		{"a late supplement will be marked", in(t, dossier.SupplementAtReception), by(citizen, dossier.SubmitSupplement{}, after(20*day)), []string{"supplement_after_window"}},
		{"a late opinion will be marked", in(t, dossier.Verifying), by(laboratory, opinion.what, after(11*day)), []string{"opinion_after_due"}},
		{"a late entry will need a reason", in(t, dossier.Submitted), by(reception, dossier.AcceptDossier{}, earlier(time.Hour, "")), []string{"late_reason_missing"}},
	} {
		var got []string
		for _, w := range dossier.Warnings(c.life.state, c.act.what, c.life.context(c.act)) {
			got = append(got, w.Code)
			speaks(t, w)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// feeTable is a procedure that asks 50,000.
func feeTable() *procedure.Version {
	for _, v := range procedure.Catalogue() {
		if v.ID == "vet-practice-cert-renew" {
			return &v
		}
	}
	return nil
}
