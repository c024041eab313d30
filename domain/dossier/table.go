package dossier

import (
	"slices"

	"dossier/domain"
)

// Two targets that are no state of their own.
const (
	Same Status = "="  // the state stays
	Back Status = "<-" // to where it was: from verifying once the last answer is in, from a fee that is paid, from a withdrawal that is rejected
)

// A Transition is one row of the law of moves: from these states this command gives these events and leads there, when one
// of these roles asks for it.
type Transition struct {
	Command string // "RequestSupplement"
	From    []Status
	To      Status
	Else    Status   // where an answer leads instead while others are missing, "" if nothing can be missing
	Events  []string // stored names, in order
	Maybe   []string // events that follow them where the procedure or the history asks for it
	Actors  []domain.Role
	Origin  domain.Origin // import: never a live act
}

// inHand are the states in which the authority works on a received dossier.
var inHand = []Status{Accepted, Forwarded, Assigned, Appraising, Verifying, SupplementRequestedStatus, AwaitingPayment, PendingApproval, Approved, WithdrawalRequestedStatus}

// running are the states in which the processing clock runs.
var running = []Status{Accepted, Forwarded, Assigned, Appraising, Verifying, PendingApproval, Approved}

// Running lists the states in which the processing clock runs.
func Running() []Status { return slices.Clone(running) }

// alive are the states before an end, kept those in which there is a record of the dossier.
var (
	alive = slices.Concat([]Status{Submitted, SupplementAtReception}, inHand)
	kept  = slices.Concat(alive, []Status{ReceptionRefusedStatus, Stopped, Resolved, Returned})
)

// but leaves states out.
func but(states []Status, out ...Status) []Status {
	return slices.DeleteFunc(slices.Clone(states), func(s Status) bool { return slices.Contains(out, s) })
}

// transitions is the law of moves, in the order of a dossier's way (Decree 118/2025, Articles 16 to 22).
var transitions = []Transition{
	{Command: "SubmitDossier", From: []Status{None}, To: Submitted,
		Events: []string{"dossier.submitted"}, Maybe: []string{"dossier.linked"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer}},

	{Command: "CheckComponent", From: []Status{Submitted, SupplementAtReception, Appraising}, To: Same,
		Events: []string{"dossier.component-checked"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.CaseOfficer}},

	{Command: "AttachFile", From: slices.Concat(alive, []Status{Resolved}), To: Same,
		Events: []string{"dossier.file-attached"}, Maybe: []string{"dossier.file-signed"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer, domain.CaseOfficer, domain.DivisionHead, domain.ConsultedUnit, domain.Clerk}},

	{Command: "SignFile", From: slices.Concat(alive, []Status{Resolved}), To: Same,
		Events: []string{"dossier.file-signed"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer, domain.CaseOfficer, domain.DivisionHead, domain.ConsultedUnit, domain.Clerk, domain.Approver}},

	{Command: "AcceptDossier", From: []Status{Submitted}, To: Accepted,
		Events: []string{"dossier.accepted"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "RefuseReception", From: []Status{Submitted, SupplementAtReception}, To: ReceptionRefusedStatus,
		Events: []string{"dossier.reception-refused"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "RequestSupplement", From: []Status{Submitted}, To: SupplementAtReception,
		Events: []string{"dossier.supplement-requested"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "RequestSupplement", From: []Status{Appraising}, To: SupplementRequestedStatus,
		Events: []string{"dossier.supplement-requested", "dossier.clock-stopped"},
		Actors: []domain.Role{domain.CaseOfficer, domain.DivisionHead}},

	{Command: "SubmitSupplement", From: []Status{SupplementAtReception}, To: Submitted, Else: Same,
		Events: []string{"dossier.supplement-submitted"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer}},

	{Command: "SubmitSupplement", From: []Status{SupplementRequestedStatus}, To: Same,
		Events: []string{"dossier.supplement-submitted"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer}},

	{Command: "AcceptSupplement", From: []Status{SupplementRequestedStatus}, To: Appraising,
		Events: []string{"dossier.supplement-accepted", "dossier.clock-restarted"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "ExpireSupplement", From: []Status{SupplementAtReception}, To: ReceptionRefusedStatus,
		Events: []string{"dossier.supplement-window-expired", "dossier.reception-refused"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "ExpireSupplement", From: []Status{SupplementRequestedStatus}, To: Stopped,
		Events: []string{"dossier.supplement-window-expired", "dossier.stopped"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.CaseOfficer}},

	{Command: "AdjustSubmission", From: []Status{Submitted, Accepted, Forwarded, Assigned, Appraising, Verifying}, To: Same,
		Events: []string{"dossier.submission-adjusted"},
		Actors: []domain.Role{domain.Applicant}},

	{Command: "TransferDossier", From: []Status{Submitted, Accepted, Forwarded, Assigned, Appraising, Verifying}, To: Same,
		Events: []string{"dossier.transferred"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead}},

	{Command: "ReceiveTransfer", From: alive, To: Same,
		Events: []string{"dossier.transfer-received"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead}},

	{Command: "RefuseTransfer", From: alive, To: Same,
		Events: []string{"dossier.transfer-refused"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead}},

	{Command: "ForwardDossier", From: []Status{Accepted}, To: Forwarded,
		Events: []string{"dossier.forwarded"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "AssignOfficer", From: []Status{Forwarded}, To: Assigned,
		Events: []string{"dossier.officer-assigned"},
		Actors: []domain.Role{domain.DivisionHead}},

	{Command: "AssignOfficer", From: []Status{Assigned, Appraising, Verifying}, To: Same,
		Events: []string{"dossier.officer-assigned"},
		Actors: []domain.Role{domain.DivisionHead}},

	{Command: "StartAppraisal", From: []Status{Assigned}, To: Appraising,
		Events: []string{"dossier.appraisal-started"},
		Actors: []domain.Role{domain.CaseOfficer}},

	{Command: "RequestOpinion", From: []Status{Accepted, Forwarded, Assigned, Appraising}, To: Verifying,
		Events: []string{"dossier.opinion-requested"},
		Actors: []domain.Role{domain.CaseOfficer, domain.DivisionHead, domain.ReceptionOfficer}},

	{Command: "RequestOpinion", From: []Status{Verifying}, To: Same,
		Events: []string{"dossier.opinion-requested"},
		Actors: []domain.Role{domain.CaseOfficer, domain.DivisionHead, domain.ReceptionOfficer}},

	{Command: "RecordOpinion", From: []Status{Verifying}, To: Back, Else: Same,
		Events: []string{"dossier.opinion-received"},
		Actors: []domain.Role{domain.ConsultedUnit, domain.CaseOfficer}},

	{Command: "BeginWork", From: []Status{Appraising}, To: Verifying,
		Events: []string{"dossier.work-begun"}, Maybe: []string{"dossier.clock-stopped"},
		Actors: []domain.Role{domain.CaseOfficer, domain.DivisionHead}},

	{Command: "BeginWork", From: []Status{Verifying}, To: Same,
		Events: []string{"dossier.work-begun"}, Maybe: []string{"dossier.clock-stopped"},
		Actors: []domain.Role{domain.CaseOfficer, domain.DivisionHead}},

	{Command: "FinishWork", From: []Status{Verifying}, To: Back, Else: Same,
		Events: []string{"dossier.work-finished"}, Maybe: []string{"dossier.work-begun", "dossier.clock-stopped", "dossier.clock-resumed"},
		Actors: []domain.Role{domain.CaseOfficer, domain.ConsultedUnit}},

	{Command: "ReportRemediation", From: []Status{Verifying}, To: Back, Else: Same,
		Events: []string{"dossier.remediation-reported"}, Maybe: []string{"dossier.clock-resumed"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer}},

	{Command: "RequestPayment", From: []Status{Appraising, PendingApproval}, To: AwaitingPayment,
		Events: []string{"dossier.payment-requested", "dossier.clock-stopped"},
		Actors: []domain.Role{domain.FeeOfficer, domain.CaseOfficer, domain.ReceptionOfficer}},

	{Command: "RequestPayment", From: []Status{Submitted, SupplementAtReception, SupplementRequestedStatus, Approved, Resolved}, To: Same,
		Events: []string{"dossier.payment-requested"},
		Actors: []domain.Role{domain.FeeOfficer, domain.CaseOfficer, domain.ReceptionOfficer}},

	{Command: "ConfirmPayment", From: []Status{AwaitingPayment}, To: Back, Else: Same,
		Events: []string{"dossier.payment-confirmed"}, Maybe: []string{"dossier.clock-resumed"},
		Actors: []domain.Role{domain.FeeOfficer, domain.ReceptionOfficer, domain.System}},

	{Command: "ConfirmPayment", From: slices.Concat(but(alive, AwaitingPayment), []Status{Resolved, Returned}), To: Same,
		Events: []string{"dossier.payment-confirmed"},
		Actors: []domain.Role{domain.FeeOfficer, domain.ReceptionOfficer, domain.System}},

	{Command: "CancelPayment", From: []Status{AwaitingPayment}, To: Back, Else: Same,
		Events: []string{"dossier.payment-cancelled"}, Maybe: []string{"dossier.clock-resumed"},
		Actors: []domain.Role{domain.FeeOfficer, domain.ReceptionOfficer}},

	{Command: "CancelPayment", From: slices.Concat(but(alive, AwaitingPayment), []Status{Resolved, Returned}), To: Same,
		Events: []string{"dossier.payment-cancelled"},
		Actors: []domain.Role{domain.FeeOfficer, domain.ReceptionOfficer}},

	{Command: "RefundPayment", From: kept, To: Same,
		Events: []string{"dossier.payment-refunded"},
		Actors: []domain.Role{domain.FeeOfficer, domain.ReceptionOfficer, domain.System}},

	{Command: "ExpirePayment", From: []Status{AwaitingPayment}, To: Stopped,
		Events: []string{"dossier.payment-window-expired", "dossier.stopped"},
		Actors: []domain.Role{domain.FeeOfficer, domain.ReceptionOfficer, domain.CaseOfficer}},

	{Command: "SubmitForApproval", From: []Status{Appraising}, To: PendingApproval,
		Events: []string{"dossier.submitted-for-approval"},
		Actors: []domain.Role{domain.CaseOfficer}},

	{Command: "ReturnForRework", From: []Status{PendingApproval}, To: Appraising,
		Events: []string{"dossier.returned-for-rework"},
		Actors: []domain.Role{domain.DivisionHead, domain.Approver}},

	{Command: "Endorse", From: []Status{PendingApproval}, To: Same,
		Events: []string{"dossier.proposal-endorsed"},
		Actors: []domain.Role{domain.DivisionHead, domain.Approver}},

	{Command: "DelegateDecision", From: running, To: Same,
		Events: []string{"dossier.decision-delegated"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "Approve", From: []Status{PendingApproval}, To: Approved,
		Events: []string{"dossier.decision-approved"},
		Actors: []domain.Role{domain.Approver, domain.DivisionHead}}, // a division head under a delegation

	{Command: "DecideBySilence", From: []Status{PendingApproval}, To: Approved,
		Events: []string{"dossier.decision-approved"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "SignResult", From: []Status{Approved}, To: Same,
		Events: []string{"dossier.result-signed"},
		Actors: []domain.Role{domain.Approver, domain.DivisionHead}},

	{Command: "NumberResult", From: []Status{Approved}, To: Same,
		Events: []string{"dossier.result-numbered"},
		Actors: []domain.Role{domain.Clerk}},

	{Command: "IssueResult", From: []Status{Approved}, To: Resolved,
		Events: []string{"dossier.result-issued"}, Maybe: []string{"dossier.result-numbered", "dossier.paper-registered"},
		Actors: []domain.Role{domain.Clerk}},

	{Command: "PublishNotification", From: []Status{Accepted, Forwarded, Assigned, Appraising}, To: Resolved,
		Events: []string{"dossier.notification-published"},
		Actors: []domain.Role{domain.CaseOfficer, domain.ReceptionOfficer}},

	{Command: "ResolveAtOnce", From: []Status{Submitted}, To: Resolved,
		Events: []string{"dossier.accepted", "dossier.decision-approved", "dossier.result-signed", "dossier.result-numbered", "dossier.result-issued"}, Maybe: []string{"dossier.paper-registered"},
		Actors: []domain.Role{domain.Approver, domain.ReceptionOfficer}},

	{Command: "ChooseDelivery", From: slices.Concat(alive, []Status{Resolved}), To: Same,
		Events: []string{"dossier.delivery-way-chosen"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer}},

	{Command: "SendResult", From: []Status{Resolved}, To: Same,
		Events: []string{"dossier.result-sent"},
		Actors: []domain.Role{domain.ReturnOfficer}},

	{Command: "FailDelivery", From: []Status{Resolved}, To: Same,
		Events: []string{"dossier.delivery-has-failed"},
		Actors: []domain.Role{domain.ReturnOfficer}},

	{Command: "ReturnResult", From: []Status{Resolved}, To: Returned,
		Events: []string{"dossier.result-returned"},
		Actors: []domain.Role{domain.ReturnOfficer}},

	{Command: "ProposeExtension", From: running, To: Same,
		Events: []string{"dossier.extension-proposed"},
		Actors: []domain.Role{domain.CaseOfficer}},

	{Command: "ApproveExtension", From: running, To: Same,
		Events: []string{"dossier.deadline-extended"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "ApologiseForDelay", From: running, To: Same,
		Events: []string{"dossier.apology-sent"},
		Actors: []domain.Role{domain.CaseOfficer, domain.OneStopLead, domain.ReceptionOfficer, domain.Approver}},

	{Command: "UrgeUnit", From: running, To: Same,
		Events: []string{"dossier.unit-urged"},
		Actors: []domain.Role{domain.OneStopLead, domain.ProcedureController}},

	{Command: "RequestWithdrawal", From: slices.Concat([]Status{Submitted, SupplementAtReception, SupplementRequestedStatus, AwaitingPayment}, running), To: WithdrawalRequestedStatus,
		Events: []string{"dossier.withdrawal-requested"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer}},

	{Command: "AcceptWithdrawal", From: []Status{WithdrawalRequestedStatus}, To: Stopped,
		Events: []string{"dossier.stopped"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "RejectWithdrawal", From: []Status{WithdrawalRequestedStatus}, To: Back,
		Events: []string{"dossier.withdrawal-rejected"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "StopDossier", From: slices.Concat(running, []Status{SupplementRequestedStatus, AwaitingPayment, WithdrawalRequestedStatus}), To: Stopped,
		Events: []string{"dossier.stopped"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "MoveToVersion", From: slices.Concat([]Status{Submitted, SupplementAtReception}, inHand), To: Same,
		Events: []string{"dossier.version-moved"},
		Actors: []domain.Role{domain.Approver, domain.OneStopLead}},

	{Command: "UndoAct", From: []Status{Accepted}, To: Submitted,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "UndoAct", From: []Status{Forwarded}, To: Accepted,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "UndoAct", From: []Status{Assigned}, To: Forwarded,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "UndoAct", From: []Status{Appraising}, To: Assigned,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "UndoAct", From: []Status{SupplementAtReception}, To: Submitted,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "UndoAct", From: []Status{SupplementRequestedStatus}, To: Appraising,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "UndoAct", From: []Status{ReceptionRefusedStatus}, To: Submitted, Else: SupplementAtReception,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "UndoAct", From: []Status{PendingApproval}, To: Appraising, Else: Same,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "UndoAct", From: []Status{Approved}, To: PendingApproval, Else: Same,
		Events: []string{"dossier.act-undone"}, Maybe: []string{"dossier.notice-corrected"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.DivisionHead, domain.CaseOfficer, domain.Approver, domain.Clerk}},

	{Command: "ReportError", From: []Status{Resolved, Returned}, To: Same,
		Events: []string{"dossier.error-reported"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer, domain.CaseOfficer, domain.Clerk}},

	{Command: "CorrectResult", From: []Status{Resolved, Returned}, To: Same,
		Events: []string{"dossier.result-corrected"},
		Actors: []domain.Role{domain.Clerk, domain.Approver}},

	{Command: "ReplaceResult", From: []Status{Resolved, Returned}, To: Same,
		Events: []string{"dossier.result-replaced", "dossier.paper-registered"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "RevokeResult", From: []Status{Resolved, Returned}, To: Same,
		Events: []string{"dossier.result-revoked"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "RateService", From: []Status{Returned}, To: Same,
		Events: []string{"dossier.service-rated"},
		Actors: []domain.Role{domain.Applicant}},

	{Command: "LinkDossier", From: kept, To: Same,
		Events: []string{"dossier.linked"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.OneStopLead, domain.CaseOfficer}},

	{Command: "OpenComplaint", From: kept, To: Same,
		Events: []string{"dossier.complaint-opened"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.OneStopLead, domain.ProcedureController}},

	{Command: "CloseComplaint", From: kept, To: Same,
		Events: []string{"dossier.complaint-closed"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.OneStopLead, domain.ProcedureController, domain.System}},

	{Command: "RecountComplaint", From: kept, To: Same,
		Events: []string{"dossier.complaint-recounted"},
		Actors: []domain.Role{domain.System}},

	{Command: "SendMessage", From: kept, To: Same,
		Events: []string{"dossier.message-sent"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.CaseOfficer, domain.DivisionHead}},

	{Command: "AnswerMessage", From: kept, To: Same,
		Events: []string{"dossier.message-answered"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.CaseOfficer, domain.DivisionHead}},

	{Command: "AddNote", From: kept, To: Same,
		Events: []string{"dossier.note-added"},
		Actors: []domain.Role{domain.ReceptionOfficer, domain.ReturnOfficer, domain.OneStopLead, domain.CaseOfficer, domain.DivisionHead, domain.Approver, domain.Clerk}},

	{Command: "HandOverRecord", From: []Status{ReceptionRefusedStatus, Stopped, Returned}, To: Same,
		Events: []string{"dossier.record-handed-over"},
		Actors: []domain.Role{domain.Clerk, domain.CaseOfficer}},

	{Command: "AnnounceDisposal", From: []Status{ReceptionRefusedStatus, Stopped, Returned}, To: Same,
		Events: []string{"dossier.disposal-announced"},
		Actors: []domain.Role{domain.Clerk}},

	{Command: "DisposeRecord", From: []Status{ReceptionRefusedStatus, Stopped, Returned}, To: Disposed,
		Events: []string{"dossier.record-disposed"},
		Actors: []domain.Role{domain.Clerk}},

	{Command: "RecordStep", From: inHand, To: Same,
		Events: []string{"dossier.step-recorded"},
		Actors: []domain.Role{domain.CaseOfficer, domain.DivisionHead, domain.ReceptionOfficer, domain.ConsultedUnit, domain.Clerk}},

	{Command: "RecordStep", From: Statuses(), To: Same, Origin: domain.Imported,
		Events: []string{"dossier.step-recorded"},
		Actors: []domain.Role{domain.System}},

	{Command: "RecomputeDeadline", From: running, To: Same,
		Events: []string{"dossier.deadline-recomputed"},
		Actors: []domain.Role{domain.System}},

	{Command: "RecordPortalStatus", From: kept, To: Same,
		Events: []string{"dossier.portal-status-recorded"},
		Actors: []domain.Role{domain.System, domain.SystemAdmin}},

	{Command: "FireTimer", From: kept, To: Same,
		Events: []string{"dossier.timer-fired"},
		Actors: []domain.Role{domain.System}},

	{Command: "RecordDeadline", From: slices.Concat([]Status{Submitted, SupplementAtReception}, inHand), To: Same, Origin: domain.Imported,
		Events: []string{"dossier.deadline-recorded"},
		Actors: []domain.Role{domain.System}},

	{Command: "RecordOutcome", From: slices.Concat([]Status{Submitted, SupplementAtReception, ReceptionRefusedStatus, Stopped}, inHand), To: Resolved, Origin: domain.Imported,
		Events: []string{"dossier.outcome-recorded"},
		Actors: []domain.Role{domain.System}},
}

// Table is a copy of the law of moves.
func Table() []Transition { return slices.Clone(transitions) }

// move finds the row that lets the command go on from this state.
func move(command string, from Status, origin domain.Origin) (Transition, bool) {
	for _, t := range transitions {
		if t.Command == command && t.binds(origin) && slices.Contains(t.From, from) {
			return t, true
		}
	}
	return Transition{}, false
}

// binds says whether the row is for acts of that origin.
func (t Transition) binds(origin domain.Origin) bool {
	return t.Origin == domain.Live || t.Origin == origin
}

// admits says whether the actor's role may make this move. The machine itself makes every move when it imports.
func (t Transition) admits(role domain.Role, origin domain.Origin) bool {
	return slices.Contains(t.Actors, role) || role == domain.System && origin == domain.Imported
}

// mechanical says whether only the machine, or who runs it, makes this move: nobody is offered it.
func (t Transition) mechanical() bool {
	return !slices.ContainsFunc(t.Actors, func(r domain.Role) bool { return r != domain.System && r != domain.SystemAdmin })
}

// An Offer is an act that the state and the role admit. Refusal is set when a guard stands against it whatever its content.
type Offer struct {
	Command string // kebab-case
	Refusal *domain.Refusal
}

// Offers lists the acts of that account and role on this dossier, in the order of a dossier's way.
func Offers(s State, a domain.Actor) []Offer { return OffersIn(s, Context{Actor: a}) }

// OffersIn is Offers to an actor with the delegations that the organisation gives.
func OffersIn(s State, x Context) []Offer {
	var offers []Offer
	for _, t := range transitions {
		if t.Origin == domain.Live && !t.mechanical() && slices.Contains(t.From, s.Status) && t.admits(x.Actor.Role, domain.Live) {
			q := question{s: s, x: x, at: x.When(s), row: t}
			offers = append(offers, Offer{Kebab(t.Command), q.refusedWhatever()})
		}
	}
	return offers
}

// Allowed lists the commands that are legal now for the role, in kebab-case, in the order of a dossier's way.
func Allowed(s State, r domain.Role) []string {
	var names []string
	for _, o := range Offers(s, domain.Actor{Role: r}) {
		if o.Refusal == nil {
			names = append(names, o.Command)
		}
	}
	return names
}
