package dossier_test

import (
	"slices"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// on goes on from the usual way to a state.
func on(s dossier.Status, acts ...act) []act { return append(slices.Clone(paths[s]), acts...) }

// many repeats an act that differs by its number.
func many(n int, one func(i int) act) []act {
	var acts []act
	for i := range n {
		acts = append(acts, one(i))
	}
	return acts
}

// inspecting is a procedure that wants an inspection, then a council.
var inspecting = procedure.Flow{Steps: []procedure.WorkStep{
	{Code: "kiem-tra", Kind: procedure.Inspection, Required: true, Clock: procedure.Stops},
	{Code: "hoi-dong", Kind: procedure.Council, After: []string{"kiem-tra"}},
	{Code: "y-kien", Kind: procedure.Opinion, Unit: "phong-xet-nghiem", Silence: procedure.Agreed},
}, RemediationDays: 30, RemediationStop: true}

// lifeSentences tells of the hard guards beside the usual way.
func lifeSentences() []sentence {
	appraising, approved, resolved := dossier.Appraising, dossier.Approved, dossier.Resolved
	head2 := domain.Actor{Account: "head-2", Role: domain.DivisionHead}
	bad := dossier.CheckComponent{Component: "tp-1", Verdict: dossier.Insufficient, Reason: "missing"}
	farm, trees := func(x *dossier.Context) { *x.Procedure, _ = procedure.Lookup("animal-quarantine-out-of-province") }, func(x *dossier.Context) { *x.Procedure, _ = procedure.Lookup("forest-seed-source-recognition") }
	return []sentence{
		{"a paper is not asked for where its condition does not hold", paths[dossier.Submitted], by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-2"}, Reason: "missing"}, farm), "component_not_due"},
		{"a fee is not asked for where no row of the table holds", paths[dossier.Submitted], by(feeDesk, dossier.RequestPayment{Amount: 600_000, Fees: []dossier.Code{"appraisal-fee"}}, trees), "fee_not_due"},
		{"a fee is what the table says", paths[dossier.Submitted], by(feeDesk, dossier.RequestPayment{Amount: 1, Fees: []dossier.Code{"appraisal-fee"}}), "fee_not_of_table"},
		{"only the head asks where the procedure says so", paths[appraising], by(officer, askInCase.what, func(x *dossier.Context) { x.Procedure.Supplement.ByHead = true }), "head_asks"},
		{"a described part is among the items", paths[dossier.Submitted], by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-1"}, Reason: "missing", Parts: []dossier.Part{{Code: "tp-2", Kind: "paper"}}}), "part_not_in_items"},
		{"a dossier is linked to 99 others at most", on(dossier.Submitted, many(99, func(i int) act {
			return by(reception, dossier.LinkDossier{Other: dossier.Ref("d-" + string(rune('a'+i/26)) + string(rune('a'+i%26))), Kind: dossier.GroupMember})
		})...), link, "list_full"},
		{"nobody says too early that a unit did not answer", paths[dossier.Verifying], by(officer, dossier.RecordOpinion{Number: 1, Verdict: dossier.NoAnswer}), "answer_not_due"},

		{"an insufficient part needs a reason", paths[dossier.Submitted], by(reception, dossier.CheckComponent{Component: "tp-1", Verdict: dossier.Insufficient}), "check_reason_missing"},
		{"50 parts are enough", on(dossier.Submitted, many(50, func(i int) act {
			return by(reception, dossier.CheckComponent{Component: dossier.Code("p-" + string(rune('a'+i/26)) + string(rune('a'+i%26))), Verdict: dossier.Sufficient})
		})...), by(reception, dossier.CheckComponent{Component: "one-more", Verdict: dossier.Sufficient}), "too_many_parts"},
		{"what is insufficient is not accepted", on(dossier.Submitted, by(reception, bad)), accept, "component_insufficient"},

		{"what is under way to another agency is not accepted", on(dossier.Submitted, passOn), accept, "transfer_open"},
		{"a dossier goes one way at a time", on(dossier.Submitted, passOn), by(reception, dossier.TransferDossier{To: "so-thu-ba", Mode: dossier.Serial}), "transfer_open"},
		{"a dossier is not transferred to where it is", paths[dossier.Submitted], by(reception, dossier.TransferDossier{To: "mot-cua", Mode: dossier.Serial}), "same_agency"},
		{"what was not sent is not taken in", paths[dossier.Submitted], takeOver, "no_open_transfer"},
		{"who sends does not receive", on(dossier.Submitted, passOn), by(reception, takeOver.what), "sender_receives"},

		{"work that no procedure names has a kind", paths[appraising], by(officer, dossier.BeginWork{Unit: "phong-thu-y"}), "work_kind_missing"},
		{"remediation is not begun, it follows", paths[appraising], by(officer, dossier.BeginWork{Kind: dossier.Remediation}), "follows_from_inspection"},
		{"an inspection has a time", paths[appraising], by(officer, dossier.BeginWork{Kind: dossier.Inspection}), "time_missing"},
		{"work is not due before it begins", paths[appraising], by(officer, dossier.BeginWork{Kind: dossier.DeskCheck, Due: monday}), "due_in_past"},
		{"what was not begun is not finished", paths[dossier.Verifying], finish, "no_open_work"},
		{"a laboratory's work is not the applicant's to report", on(appraising, test), by(citizen, dossier.ReportRemediation{Number: 1}), "not_remediation"},
		{"a laboratory asks for no remediation", on(appraising, test), mend, "only_inspection_asks"},
		{"the applicant's time to mend is not cut short", on(appraising, inspect, mend), by(officer, dossier.FinishWork{Number: 2, Finding: dossier.Failed}), "window_not_over"},
		{"what was mended is looked at before it is granted", on(appraising, inspect, mend, mended), propose, "remediation_unchecked"},
		{"a prescribed inspection comes before the proposal", paths[appraising], by(officer, propose.what, prescribing(inspecting)), "steps_owed"},

		{"an amount beside the fee table has a reason", paths[dossier.Submitted], by(feeDesk, dossier.RequestPayment{Amount: 5}), "fee_reason_missing"},
		{"two fees are not owed at one stage", on(dossier.Submitted, charge), by(feeDesk, dossier.RequestPayment{Amount: 5}), "payment_open"},
		{"what is not owed is not paid", paths[dossier.Submitted], pay, "no_open_payment"},
		{"another amount is not the fee", on(dossier.Submitted, charge), by(feeDesk, dossier.ConfirmPayment{Number: 1, Amount: 1_199_999, Method: "cash"}), "wrong_amount"},
		{"what was not paid is not given back", on(dossier.Submitted, charge), refund, "nothing_to_refund"},
		{"the window to pay is not cut short", on(appraising, charge), by(feeDesk, dossier.ExpirePayment{}), "window_not_over"},
		{"a fee at reception comes before the receipt", on(dossier.Submitted, charge), accept, "fee_unpaid"},
		{"a fee with the supplement comes before its acceptance", on(dossier.SupplementRequestedStatus, charge, supply), takeIn, "fee_unpaid"},
		{"a fee at the return comes before the result", on(resolved, charge), handOver, "fee_unpaid"},

		{"a notification is not decided", paths[appraising], by(officer, propose.what, prescribing(procedure.Flow{Notification: true})), "ends_as_published"},
		{"what is decided does not end as a notification", paths[appraising], by(officer, dossier.PublishNotification{}), "not_a_notification"},
		{"what takes time is not resolved at once", paths[dossier.Submitted], by(reception, dossier.ResolveAtOnce{Outcome: dossier.Grant}), "not_immediate"},
		{"at once is not by one hand, unless the version says so", paths[dossier.Submitted], by(reception, dossier.ResolveAtOnce{Outcome: dossier.Grant}, prescribing(procedure.Flow{Immediate: true})), "hands_apart"},
		{"a division head does not decide of his own", paths[dossier.PendingApproval], by(head, approve.what), "not_delegated"},
		{"a delegation ends", on(dossier.PendingApproval, delegate), by(head, approve.what, after(50*day)), "not_delegated"},
		{"nobody delegates into the past", paths[dossier.PendingApproval], by(leader, dossier.DelegateDecision{To: "head", Block: "kt", Until: monday}), "delegation_in_past"},
		{"nobody delegates to who appraised", paths[dossier.PendingApproval], by(leader, dossier.DelegateDecision{To: "officer", Block: "kt", Until: monday.Add(99 * day)}), "delegate_appraised"},
		{"one level needs nobody's consent", paths[dossier.PendingApproval], by(head, dossier.Endorse{Outcome: dossier.Grant}), "no_level_left"},
		{"each level waits its turn", paths[dossier.PendingApproval], by(deputy, dossier.Endorse{Outcome: dossier.Grant}, prescribing(twoLevels)), "another_level"},
		{"the last level decides last", paths[dossier.PendingApproval], by(leader, approve.what, prescribing(twoLevels)), "levels_missing"},
		{"two levels are two people", on(dossier.PendingApproval, endorse), by(domain.Actor{Account: "head", Role: domain.Approver}, approve.what, prescribing(twoLevels)), "two_levels_one_hand"},
		{"silence means nothing unless the procedure says so", paths[dossier.PendingApproval], by(leader, dossier.DecideBySilence{}, after(60*day)), "silence_means_nothing"},
		{"silence is not heard before the date", paths[dossier.PendingApproval], by(leader, dossier.DecideBySilence{}, prescribing(procedure.Flow{OnSilence: procedure.Refused})), "not_due_yet"},
		{"a result is not numbered before it is signed", paths[approved], number, "not_signed"},
		{"a result is numbered once", on(approved, sign, number), by(stranger(clerk), dossier.NumberResult{}), "already_numbered"},
		{"a result is not issued before it is numbered", on(approved, sign), issue, "not_numbered"},

		{"a result on its way is not sent again", on(resolved, post), by(stranger(returnDesk), dossier.SendResult{}), "already_sent"},
		{"what is fetched at the counter is not sent", on(resolved, by(citizen, dossier.ChooseDelivery{Way: dossier.Counter})), post, "not_by_post"},
		{"what was not sent does not come back", paths[resolved], cameBack, "not_sent"},

		{"an error is in a paper of the register", paths[resolved], by(citizen, dossier.ReportError{Paper: 2, Part: "ten", By: "authority"}), "no_such_paper"},
		{"a revoked paper is not replaced", on(resolved, revoke), replace, "paper_ended"},
		{"an error is reported before it is corrected", paths[resolved], putRight, "no_reported_error"},
		{"the applicant's own error is no correction", on(resolved, by(citizen, dossier.ReportError{Paper: 1, Part: "ten", By: "applicant"})), putRight, "error_of_applicant"},

		{"papers are not adjusted online", []act{by(reception, dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Counter, Applicant: "ref-1"})}, adjust, "online_only"},
		{"nobody is urged without need", paths[dossier.Forwarded], by(lead, dossier.UrgeUnit{Reason: dossier.UrgedLate}), "not_urgent"},
		{"nobody apologises in time", paths[appraising], by(officer, sorry.what), "not_late"},
		{"nobody promises yesterday", paths[appraising], by(officer, dossier.ApologiseForDelay{Promised: monday, Reason: "complex_case"}, after(60*day)), "promise_in_past"},
		{"a dossier is rated once", on(dossier.Returned, rate), by(citizen, dossier.RateService{Overall: "poor"}), "rated_already"},
		{"nobody disposes of a record before its time is over", paths[dossier.Returned], by(clerk, dispose.what), "retention_not_over"},
		{"what is kept for ever is never disposed of", paths[dossier.Returned], by(clerk, dispose.what, keeping(procedure.Retention{Permanent: true})), "kept_for_ever"},
		{"nobody disposes of what nobody knows how long to keep", paths[dossier.Returned], by(clerk, dispose.what, keeping(procedure.Retention{})), "retention_unknown"},
		{"nobody disposes of a record without notice", paths[dossier.Returned], dispose, "disposal_not_announced"},
		{"nor before the time of the notice is over", on(dossier.Returned, announce), by(clerk, dispose.what, after(20*day)), "disposal_notice_runs"},
		{"notice is given once", on(dossier.Returned, announce), by(domain.Actor{Account: "another-clerk", Role: domain.Clerk, Unit: "van-thu"}, dossier.AnnounceDisposal{}, after(11*365*day)), "disposal_announced"},
		{"an archive takes a record once", on(dossier.Returned, archive), by(clerk, dossier.HandOverRecord{To: dossier.AgencyArchive, Register: "mlhs-8"}), "handed_over_already"},
		{"the historical archive takes a record from the agency's", paths[dossier.Returned], by(clerk, dossier.HandOverRecord{To: dossier.HistoricalArchive, Register: "mlhs-7"}, keeping(procedure.Retention{Permanent: true})), "agency_archive_first"},
		{"and only one that is kept for ever", on(dossier.Returned, archive), by(clerk, dossier.HandOverRecord{To: dossier.HistoricalArchive, Register: "mlhs-7"}), "not_kept_for_ever"},
		{"what is contested is not disposed of", on(dossier.Returned, complain), dispose, "legal_hold"},

		{"nobody is told before the time", on(dossier.Submitted, askByNote), by(timers, fire.what, under(&vietnam)), "not_used_up"},
		{"nobody is told who is not there", on(dossier.Submitted, askByNote), by(timers, withTells(fire.what, "nobody"), fire.how), "no_such_role"},

		{"a group has one lead", on(dossier.Submitted, link), by(reception, dossier.LinkDossier{Other: "d-9", Kind: dossier.GroupLead}), "group_has_lead"},
		{"nothing follows what has not ended", paths[appraising], by(reception, dossier.LinkDossier{Other: "d-9", Kind: dossier.FollowedBy}), "follows_only_stopped"},
		{"what was not contested is not upheld", paths[resolved], upheld, "no_open_complaint"},

		{"a file that is not there is not signed", paths[dossier.Submitted], by(citizen, dossier.SignFile{File: "none"}, proved), "no_such_file"},
		{"a file is not signed without a signer", []act{submit, attach}, by(citizen, dossier.SignFile{File: "0197f2aa-0000-7000-8000-0000000000f1"}), "no_signer"},
		{"what the applicant gave is not the result", append(slices.Clone(paths[dossier.Approved]), attach), by(leader, dossier.SignResult{File: "0197f2aa-0000-7000-8000-0000000000f1"}, proved), "no_result_file"},
		{"a result is not signed digitally without a signer", paths[dossier.Approved], by(leader, dossier.SignResult{Means: dossier.Digital}), "no_signer"},
		{"somebody knows how a result is signed", paths[dossier.Approved], by(leader, dossier.SignResult{Means: dossier.UnknownMeans}), "means_unknown"},
		{"an applicant attaches no result", paths[dossier.Submitted], by(citizen, dossier.AttachFile{File: "f-1", Kind: dossier.ResultFile, Media: "pdf", Size: 1, Commitment: "9f"}), "not_their_kind"},
		{"a message goes with files of its dossier only", paths[dossier.Submitted], by(reception, dossier.SendMessage{Topic: "information", Files: []dossier.Code{"0197f2aa-0000-7000-8000-0000000000f1"}}), "file_not_attached"},
		{"under level 2 nobody files online", nil, by(citizen, submit.what, atLevel("2")), "level_without_online_filing"},
		{"under level 3 no fee is paid online", on(dossier.Submitted, charge), by(feeDesk, dossier.ConfirmPayment{Number: 1, Amount: 1_200_000, Method: "online", Receipt: "bl-7"}, atLevel("3")), "level_without_online_payment"},
		{"under level 3 no result is chosen online", paths[dossier.Submitted], by(citizen, dossier.ChooseDelivery{Way: dossier.Online}, atLevel("3")), "level_without_online_result"},
		{"nor handed over online", paths[dossier.Resolved], by(returnDesk, dossier.ReturnResult{Way: dossier.Online}, atLevel("3")), "level_without_online_result"},
		{"a lawsuit names the court's file", paths[dossier.Returned], by(reception, dossier.OpenComplaint{Kind: "lawsuit"}), "complaint_dossier_missing"},
		{"an answer too", on(dossier.Resolved, askByNote), by(citizen, dossier.AnswerMessage{Number: 1, Files: []dossier.Code{"0197f2aa-0000-7000-8000-0000000000f1"}}), "file_not_attached"},
		{"the portal never goes back from returned", on(dossier.Returned, by(timers, dossier.RecordPortalStatus{Code: 10, Outcome: dossier.PortalAccepted}, under(&vietnam))), by(timers, dossier.RecordPortalStatus{Code: 9, Outcome: dossier.PortalAccepted}, under(&vietnam)), "portal_has_returned"},
		{"an error comes with a failure", paths[dossier.Submitted], by(timers, dossier.RecordPortalStatus{Code: 1, Outcome: dossier.PortalAccepted, Error: "err-98"}, under(&vietnam)), "error_without_failure"},
		{"an officer does not speak for the portal", paths[dossier.Submitted], by(reception, dossier.RecordPortalStatus{Code: 1, Outcome: dossier.PortalAccepted}), "not_allowed"},
		{"a file whose content nobody checked is not attached", paths[dossier.Submitted], by(citizen, dossier.AttachFile{File: "0197f2aa-0000-7000-8000-0000000000f1"}), "file_not_clean"},
		{"a dossier has 200 files at most", on(dossier.Submitted, many(200, func(i int) act {
			return by(citizen, dossier.AttachFile{File: dossier.Ref("f-" + string(rune('a'+i/26)) + string(rune('a'+i%26))), Media: "pdf", Size: 1, Commitment: "9f"})
		})...), by(citizen, dossier.AttachFile{File: "one-more", Media: "pdf", Size: 1, Commitment: "9f"}), "too_many_files"},
		{"a paper is not asked for by message", paths[appraising], by(officer, dossier.SendMessage{Topic: dossier.PaperByMessage}), "paper_by_message"},
		{"an answer is not due before the question", paths[appraising], by(officer, dossier.SendMessage{Topic: "question", AnswerBy: monday}), "answer_in_past"},
		{"20 questions are enough", on(appraising, many(20, func(int) act { return askByNote })...), askByNote, "too_many_open"},
		{"what was not asked is not answered", paths[appraising], answer, "no_open_message"},
		{"nobody answers himself", on(appraising, askByNote), by(officer, dossier.AnswerMessage{Number: 1}), "own_message"},

		{"what others have built on is not taken back", on(appraising, test, finish), undo(appraising), "nothing_to_undo"},
		{"only the last act is taken back", paths[dossier.Forwarded], undo(dossier.Accepted), "another_act"},
		{"nobody takes back what he could not have done", paths[approved], by(clerk, undo(approved).what), "not_yours_to_undo"},
		{"who has not seen what follows takes nothing back", paths[dossier.Accepted], by(reception, dossier.UndoAct{Act: "accept", Reason: "wrong_dossier"}), "consequences_not_seen"},
		{"a level is not for another head", on(dossier.PendingApproval, endorse), by(head2, dossier.Endorse{Outcome: dossier.Grant}, prescribing(twoLevels)), "no_level_left"},
	}
}
