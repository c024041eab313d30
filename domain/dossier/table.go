package dossier

import (
	"slices"

	"dossier/domain"
)

// Two targets that are no state of their own.
const (
	Same Status = "="  // the state stays
	Back Status = "<-" // to where it was: from verifying once the last answer is in, from a withdrawal that is rejected
)

// A Transition is one row of the law of moves: from these states this command gives these events and leads there, when one
// of these roles asks for it.
type Transition struct {
	Command string // "RequestSupplement"
	From    []Status
	To      Status
	Else    Status   // where an answer leads instead while others are missing, "" if nothing can be missing
	Events  []string // stored names, in order
	Actors  []domain.Role
	Origin  domain.Origin // import: never a live act
}

// inHand are the states in which the authority works on a received dossier.
var inHand = []Status{Accepted, Forwarded, Assigned, Appraising, Verifying, SupplementRequestedStatus, PendingApproval, Approved, WithdrawalRequestedStatus}

// running are the states in which the processing clock runs.
var running = []Status{Accepted, Forwarded, Assigned, Appraising, Verifying, PendingApproval, Approved}

// Running lists the states in which the processing clock runs.
func Running() []Status { return slices.Clone(running) }

// transitions is the law of moves, in the order of a dossier's way (Decree 118/2025, Articles 16 to 22).
var transitions = []Transition{
	{Command: "SubmitDossier", From: []Status{None}, To: Submitted,
		Events: []string{"dossier.submitted"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer}},

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
		Actors: []domain.Role{domain.CaseOfficer}},

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

	{Command: "SubmitForApproval", From: []Status{Appraising}, To: PendingApproval,
		Events: []string{"dossier.submitted-for-approval"},
		Actors: []domain.Role{domain.CaseOfficer}},

	{Command: "ReturnForRework", From: []Status{PendingApproval}, To: Appraising,
		Events: []string{"dossier.returned-for-rework"},
		Actors: []domain.Role{domain.DivisionHead, domain.Approver}},

	{Command: "Approve", From: []Status{PendingApproval}, To: Approved,
		Events: []string{"dossier.decision-approved"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "SignResult", From: []Status{Approved}, To: Same,
		Events: []string{"dossier.result-signed"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "IssueResult", From: []Status{Approved}, To: Resolved,
		Events: []string{"dossier.result-numbered", "dossier.result-issued"},
		Actors: []domain.Role{domain.Clerk}},

	{Command: "ReturnResult", From: []Status{Resolved}, To: Returned,
		Events: []string{"dossier.result-returned"},
		Actors: []domain.Role{domain.ReturnOfficer}},

	{Command: "ProposeExtension", From: running, To: Same,
		Events: []string{"dossier.extension-proposed"},
		Actors: []domain.Role{domain.CaseOfficer}},

	{Command: "ApproveExtension", From: running, To: Same,
		Events: []string{"dossier.deadline-extended"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "RequestWithdrawal", From: slices.Concat([]Status{Submitted, SupplementAtReception, SupplementRequestedStatus}, running), To: WithdrawalRequestedStatus,
		Events: []string{"dossier.withdrawal-requested"},
		Actors: []domain.Role{domain.Applicant, domain.ReceptionOfficer}},

	{Command: "AcceptWithdrawal", From: []Status{WithdrawalRequestedStatus}, To: Stopped,
		Events: []string{"dossier.stopped"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "RejectWithdrawal", From: []Status{WithdrawalRequestedStatus}, To: Back,
		Events: []string{"dossier.withdrawal-rejected"},
		Actors: []domain.Role{domain.ReceptionOfficer}},

	{Command: "StopDossier", From: slices.Concat(running, []Status{SupplementRequestedStatus, WithdrawalRequestedStatus}), To: Stopped,
		Events: []string{"dossier.stopped"},
		Actors: []domain.Role{domain.Approver}},

	{Command: "MoveToVersion", From: slices.Concat([]Status{Submitted, SupplementAtReception}, inHand), To: Same,
		Events: []string{"dossier.version-moved"},
		Actors: []domain.Role{domain.Approver, domain.OneStopLead}},

	{Command: "RecordStep", From: inHand, To: Same,
		Events: []string{"dossier.step-recorded"},
		Actors: []domain.Role{domain.CaseOfficer, domain.DivisionHead, domain.ReceptionOfficer, domain.ConsultedUnit, domain.Clerk}},

	{Command: "RecordStep", From: Statuses(), To: Same, Origin: domain.Imported,
		Events: []string{"dossier.step-recorded"},
		Actors: []domain.Role{domain.System}},

	{Command: "RecomputeDeadline", From: running, To: Same,
		Events: []string{"dossier.deadline-recomputed"},
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

// An Offer is an act that the state and the role admit. Refusal is set when a guard stands against it whatever its content.
type Offer struct {
	Command string // kebab-case
	Refusal *domain.Refusal
}

// Offers lists the acts of that account and role on this dossier, in the order of a dossier's way.
func Offers(s State, a domain.Actor) []Offer {
	var offers []Offer
	for _, t := range transitions {
		if t.Origin == domain.Live && slices.Contains(t.From, s.Status) && t.admits(a.Role, domain.Live) {
			q := question{s: s, x: Context{Actor: a}, row: t}
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
