package dossier

import "time"

// An Event is a fact. The set is closed, the facts are never changed. Who acted, when it was true and when it was recorded
// stand beside the data (Fact), because every event says them.
type Event interface {
	Source() Source
	event()
}

// Source is where an imported fact stood in the system it came from. Live facts have none.
type Source struct {
	Activity Code `json:"activity,omitempty"`
	Resource Code `json:"resource,omitempty"`
	Group    Code `json:"group,omitempty"`
	Case     Code `json:"case,omitempty"`
}

// Of carries the source in every event.
type Of struct {
	From Source `json:"source,omitzero"`
}

// Source returns where an imported fact stood in the system it came from.
func (o Of) Source() Source { return o.From }

func (Of) event() {}

// DossierSubmitted is the first fact of a dossier. It names the version of the procedure that is valid when it is filed.
type DossierSubmitted struct {
	Procedure        Code        `json:"procedure"`
	ProcedureVersion int         `json:"procedure_version"`
	Channel          Channel     `json:"channel"`
	Applicant        Ref         `json:"applicant"`
	Unit             Code        `json:"unit,omitempty"`
	ExternalCode     External    `json:"external_code,omitempty"`
	Support          Code        `json:"support,omitempty"`
	Code             DossierCode `json:"code,omitempty"`   // given at reception by the system; else with the acceptance
	Facts            []Code      `json:"facts,omitempty"`  // conditions of the procedure that hold
	Values           []Given     `json:"values,omitempty"` // of fields that are not personal
	Entries          []Entry     `json:"entries,omitempty"`
	Submitter        Ref         `json:"submitter,omitempty"`    // who filed it for the applicant
	Mandate          int         `json:"mandate,omitempty"`      // and under which of the applicant's mandates
	CheckWithin      Code        `json:"check_within,omitempty"` // "10.calendar_day": by when it is accepted or refused, where the procedure says
	Confidential     bool        `json:"confidential,omitempty"` // for the units that handle it, as the procedure says
	Sandbox          Code        `json:"sandbox,omitempty"`      // "sandbox.3": a test, of this round of a sandbox
	Of
}

// DossierAccepted says that the dossier is received, complete, under this version of the procedure. The processing clock starts.
type DossierAccepted struct {
	ProcedureVersion int         `json:"procedure_version"`
	Facts            []Code      `json:"facts,omitempty"`  // all that hold, where reception said something of them
	Denied           []Code      `json:"denied,omitempty"` // found not to hold
	Late             bool        `json:"late,omitempty"`   // after the eight working hours of the check
	Code             DossierCode `json:"code,omitempty"`   // of a dossier that had none before
	Term
	Of
}

// ReceptionRefused ends a dossier that is not received.
type ReceptionRefused struct {
	Reason RefusalReason `json:"reason"`
	Basis  Code          `json:"basis"`
	Late   bool          `json:"late,omitempty"`
	Text   Text          `json:"text,omitzero"`
	Of
}

// SupplementRequested asks for items, once per stage, to be answered within a window of calendar days.
type SupplementRequested struct {
	Stage      Stage            `json:"stage"`
	Items      []Code           `json:"items"`
	Reason     SupplementReason `json:"reason"`
	WindowDays int              `json:"window_days"`
	Number     int              `json:"number,omitempty"` // of the round, from 1
	Parts      []Part           `json:"parts,omitempty"`
	Late       bool             `json:"late,omitempty"` // asked later than the law allows
	Text       Text             `json:"text,omitzero"`
	Of
}

// SupplementSubmitted brings items that were asked for. Late says that the window was over.
type SupplementSubmitted struct {
	Items   []Code  `json:"items"`
	Late    bool    `json:"late,omitempty"`
	Facts   []Code  `json:"facts,omitempty"`
	Denied  []Code  `json:"denied,omitempty"`
	Values  []Given `json:"values,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
	Of
}

// SupplementAccepted finds the answer complete.
type SupplementAccepted struct {
	Of
}

// SupplementWindowExpired says that the window passed without a complete answer.
type SupplementWindowExpired struct {
	Stage Stage `json:"stage"`
	Of
}

// ClockStopped lets the processing clock stand still.
type ClockStopped struct {
	Reason StopReason `json:"reason"`
	Of
}

// ClockRestarted starts the limit again from zero, counted from the moment the complete supplement arrived.
type ClockRestarted struct {
	CountedFrom time.Time `json:"counted_from"`
	OldDue      time.Time `json:"old_due,omitzero"`
	Term
	Of
}

// DossierForwarded hands the dossier to the unit that resolves it.
type DossierForwarded struct {
	Unit Code `json:"unit"`
	Late bool `json:"late,omitempty"`
	Of
}

// OfficerAssigned names who handles the dossier from now on.
type OfficerAssigned struct {
	Officer Code `json:"officer"`
	Of
}

// AppraisalStarted begins the check of substance.
type AppraisalStarted struct {
	Of
}

// OpinionRequested asks another unit. Numbers count from 1 within the dossier.
type OpinionRequested struct {
	Number  int       `json:"number"`
	Unit    Code      `json:"unit"`
	Subject Code      `json:"subject,omitempty"`
	Due     time.Time `json:"due,omitzero"`
	Of
}

// OpinionReceived takes the answer. Late says that it came after its due time.
type OpinionReceived struct {
	Number  int     `json:"number"`
	Verdict Verdict `json:"verdict"`
	Late    bool    `json:"late,omitempty"`
	Counts  Verdict `json:"counts,omitempty"` // what silence means, where the procedure says it
	Text    Text    `json:"text,omitzero"`
	Of
}

// SubmittedForApproval lays the appraised dossier before the approver.
type SubmittedForApproval struct {
	Proposal Proposal `json:"proposal"`
	Text     Text     `json:"text,omitzero"`
	Of
}

// ReturnedForRework gives the dossier back to the case officer.
type ReturnedForRework struct {
	Reason ReworkReason `json:"reason"`
	Text   Text         `json:"text,omitzero"`
	Of
}

// ExtensionProposed asks for a later due date.
type ExtensionProposed struct {
	Due    time.Time       `json:"due"`
	Reason ExtensionReason `json:"reason"`
	Late   bool            `json:"late,omitempty"` // less than a day before it was due
	Text   Text            `json:"text,omitzero"`
	Of
}

// DeadlineExtended moves the due date once. The original one stays beside it.
type DeadlineExtended struct {
	OldDue time.Time       `json:"old_due"`
	Due    time.Time       `json:"due"`
	Reason ExtensionReason `json:"reason"`
	Of
}

// WithdrawalRequested is the applicant's wish to stop. A running clock stands still from here.
type WithdrawalRequested struct {
	Text Text `json:"text,omitzero"`
	Of
}

// WithdrawalRejected goes on where the dossier stood, and the clock with it: the days between do not count.
type WithdrawalRejected struct {
	Reason WithdrawalRefusal `json:"reason"`
	Term
	Text Text `json:"text,omitzero"`
	Of
}

// DossierStopped ends a dossier without a result.
type DossierStopped struct {
	Reason StoppedReason `json:"reason"`
	Basis  Code          `json:"basis,omitempty"`
	Text   Text          `json:"text,omitzero"`
	Of
}

// DecisionApproved decides. Signature, number and issue are acts of their own.
type DecisionApproved struct {
	Outcome Proposal       `json:"outcome"`
	Block   SignatureBlock `json:"block,omitempty"`   // in whose place
	For     Code           `json:"for,omitempty"`     // the account that delegated
	Silence bool           `json:"silence,omitempty"` // nobody decided in time, and the procedure says what that means
	Of
}

// ResultNumbered enters the result in the clerk's register. The number itself may be built from an identity number, so it is
// not an event's to hold.
type ResultNumbered struct {
	Of
}

// ResultIssued makes the result public to the applicant: the dossier is resolved.
type ResultIssued struct {
	Of
}

// ResultReturned hands the result over.
type ResultReturned struct {
	Way Channel   `json:"way"`
	To  Recipient `json:"to"`
	Of
}

// StepRecorded notes a piece of work. It moves nothing.
type StepRecorded struct {
	Code      Code      `json:"code"`
	Unit      Code      `json:"unit,omitempty"`
	Officer   Code      `json:"officer,omitempty"`
	Irregular Irregular `json:"irregular,omitempty"`
	Of
}

// DeadlineRecorded takes over a due date from elsewhere.
type DeadlineRecorded struct {
	Due       time.Time      `json:"due"`
	DueSource DeadlineSource `json:"due_source"`
	Of
}

// DeadlineRecomputed counts the running limit again over a newer version of the calendar. The dossier stays where it is.
type DeadlineRecomputed struct {
	OldDue time.Time       `json:"old_due,omitzero"`
	Reason RecomputeReason `json:"reason"`
	Term
	Of
}

// OutcomeRecorded takes over the end of an imported dossier.
type OutcomeRecorded struct {
	Outcome Outcome `json:"outcome"`
	Of
}
