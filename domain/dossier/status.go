// Package dossier is the life of one administrative dossier: a command is decided against what happened so far and gives
// events or a refusal; the events, folded, are the state.
//
// Read table.go for the law of moves, guard.go for the law of refusals, decide.go for how the two make facts.
package dossier

// Status is where a dossier stands: the business state, fixed by law. Lateness, money, delivery and the portal are other dimensions.
type Status string

// The states a dossier can be in. Before its first event it is in none.
const (
	None                      Status = ""
	Submitted                 Status = "submitted"
	SupplementAtReception     Status = "supplement_at_reception"
	ReceptionRefusedStatus    Status = "reception_refused"
	Accepted                  Status = "accepted"
	Forwarded                 Status = "forwarded"
	Assigned                  Status = "assigned"
	Appraising                Status = "appraising"
	Verifying                 Status = "verifying"
	SupplementRequestedStatus Status = "supplement_requested"
	WithdrawalRequestedStatus Status = "withdrawal_requested"
	PendingApproval           Status = "pending_approval"
	Approved                  Status = "approved"
	Stopped                   Status = "stopped"
	Resolved                  Status = "resolved"
	Returned                  Status = "returned"
	AwaitingPayment           Status = "awaiting_payment"
	Disposed                  Status = "disposed"
)

// Statuses lists the states in the order in which a dossier usually passes them.
func Statuses() []Status {
	return []Status{
		Submitted, SupplementAtReception, ReceptionRefusedStatus, Accepted, Forwarded, Assigned, Appraising, Verifying,
		SupplementRequestedStatus, AwaitingPayment, PendingApproval, Approved, WithdrawalRequestedStatus, Stopped, Resolved, Returned, Disposed,
	}
}

// National is the status code of the National Public Service Portal (1 to 10), 0 before submission. What was disposed of is not sent any more.
func (s Status) National() int {
	switch s {
	case Submitted:
		return 1
	case Accepted:
		return 2
	case ReceptionRefusedStatus:
		return 3
	case Forwarded, Assigned, Appraising, Verifying, PendingApproval, Approved:
		return 4
	case SupplementAtReception, SupplementRequestedStatus:
		return 5
	case AwaitingPayment:
		return 6
	case WithdrawalRequestedStatus:
		return 7
	case Stopped:
		return 8
	case Resolved:
		return 9
	case Returned:
		return 10
	}
	return 0
}

// Terminal says whether the dossier's way has ended for good. A resolved one still waits to be handed over.
func (s Status) Terminal() bool {
	return s == ReceptionRefusedStatus || s == Stopped || s == Returned || s == Disposed
}

// Ended says whether the authority has finished with the dossier: terminal, or resolved.
func (s Status) Ended() bool { return s.Terminal() || s == Resolved }
