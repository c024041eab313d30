package dossier

import (
	"cmp"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
)

// State is what the facts so far amount to: the status view of one dossier. It survives JSON unchanged; times are UTC in
// whole microseconds.
type State struct {
	Version int64         `json:"version"`
	Origin  domain.Origin `json:"origin,omitempty"`
	Status  Status        `json:"status"`
	Outcome Outcome       `json:"outcome,omitempty"` // once resolved

	Procedure        string  `json:"procedure"`
	ProcedureVersion int     `json:"procedure_version"`
	Channel          Channel `json:"channel"`
	Applicant        string  `json:"applicant"`
	ExternalCode     string  `json:"external_code,omitempty"`
	FiledAt          string  `json:"filed_at,omitempty"`     // the receiving unit
	Confidential     bool    `json:"confidential,omitempty"` // for the units that handle it
	Sandbox          string  `json:"sandbox,omitempty"`      // "sandbox.3": a test, of this round of a sandbox
	Unit             string  `json:"unit,omitempty"`         // who has it: the receiving, then the resolving unit
	Officer          string  `json:"officer,omitempty"`      // the account that handles it

	Submitted Act `json:"submitted,omitzero"`
	Accepted  Act `json:"accepted,omitzero"`
	Refused   Act `json:"refused,omitzero"`
	Forwarded Act `json:"forwarded,omitzero"`
	Appraisal Act `json:"appraisal,omitzero"`
	Proposed  Act `json:"proposed,omitzero"`
	Decided   Act `json:"decided,omitzero"`
	Signed    Act `json:"signed,omitzero"`
	Numbered  Act `json:"numbered,omitzero"`
	Issued    Act `json:"issued,omitzero"`
	Resolved  Act `json:"resolved,omitzero"`
	Returned  Act `json:"returned,omitzero"`
	Withdrawn Act `json:"withdrawn,omitzero"` // when the applicant asked to stop
	Kept      Act `json:"kept,omitzero"`      // when that was last rejected
	Reworked  Act `json:"reworked,omitzero"`  // when it last went back to the case officer
	Stopped   Act `json:"stopped,omitzero"`

	RefusalReason RefusalReason `json:"refusal_reason,omitempty"`
	RefusalBasis  string        `json:"refusal_basis,omitempty"`
	Proposal      Proposal      `json:"proposal,omitempty"`
	Decision      Proposal      `json:"decision,omitempty"`
	Appraisers    []string      `json:"appraisers,omitempty"` // accounts that may not decide
	Way           Channel       `json:"way,omitempty"`
	To            Recipient     `json:"to,omitempty"`

	Supplements []Supplement `json:"supplements,omitempty"` // every round, in the order asked
	Opinions    []Opinion    `json:"opinions,omitempty"`    // in the order asked
	BackTo      Status       `json:"back_to,omitempty"`     // where verifying came from
	StoodAt     Status       `json:"stood_at,omitempty"`    // where the dossier was when its withdrawal was asked for
	Reworks     int          `json:"reworks,omitempty"`

	ReworkReason ReworkReason      `json:"rework_reason,omitempty"`
	KeptReason   WithdrawalRefusal `json:"kept_reason,omitempty"`

	StoppedReason StoppedReason `json:"stopped_reason,omitempty"`
	StoppedBasis  string        `json:"stopped_basis,omitempty"`

	Clock     Clock          `json:"clock,omitzero"`
	Due       time.Time      `json:"due,omitzero"`
	DueSource DeadlineSource `json:"due_source,omitempty"`
	Extension Extension      `json:"extension,omitzero"`

	Steps          int  `json:"steps"`
	IrregularSteps int  `json:"irregular_steps"`
	LastStep       Step `json:"last_step,omitzero"`

	// What follows came later than the rest: a state that has none of it is written as before.
	Code        string             `json:"code,omitempty"`      // given by this authority, never changed
	Facts       []string           `json:"facts,omitempty"`     // conditions of the procedure that hold
	Values      []Given            `json:"values,omitempty"`    // of fields of the forms that are not personal
	Entered     []string           `json:"entered,omitempty"`   // fields of the forms whose values lie in the vault
	Submitter   string             `json:"submitter,omitempty"` // who filed it for the applicant
	Mandate     int                `json:"mandate,omitempty"`   // under which of the applicant's
	Agencies    Agencies           `json:"agencies,omitzero"`
	Components  []CheckedComponent `json:"components,omitempty"`
	Works       []Work             `json:"works,omitempty"`
	Payments    []Payment          `json:"payments,omitempty"`
	Transfers   []Transfer         `json:"transfers,omitempty"`
	Endorsed    []Endorsement      `json:"endorsed,omitempty"`
	Delegations []Delegation       `json:"delegations,omitempty"`
	Papers      []Paper            `json:"papers,omitempty"` // the register of results
	Mistakes    []Mistake          `json:"mistakes,omitempty"`
	Links       []Link             `json:"links,omitempty"`
	Complaints  []Complaint        `json:"complaints,omitempty"`
	Messages    Messages           `json:"messages,omitzero"`
	Delivery    Delivery           `json:"delivery,omitzero"`
	Apology     Apology            `json:"apology,omitzero"`
	Rating      Rating             `json:"rating,omitzero"`
	Adjusted    Act                `json:"adjusted,omitzero"`
	Urged       Act                `json:"urged,omitzero"`
	Urges       int                `json:"urges,omitempty"`
	Undone      Undone             `json:"undone,omitzero"`
	Corrected   []Correction       `json:"corrected,omitempty"` // who was told that it no longer holds
	Silence     bool               `json:"silence,omitempty"`   // nobody decided in time
	Disposed    Act                `json:"disposed,omitzero"`

	Archived      Archived  `json:"archived,omitzero"` // which archive has the record
	Announced     Act       `json:"disposal_announced,omitzero"`
	DisposalAfter time.Time `json:"disposal_after,omitzero"` // notice was given until then

	DisposalDecision string `json:"disposal_decision,omitempty"`

	Files []File `json:"files,omitempty"` // in the order attached

	Fired []Fired `json:"fired,omitempty"` // what was told last of each timer

	Signature   Signature `json:"signature,omitzero"`     // of the result
	CheckWithin string    `json:"check_within,omitempty"` // "10.calendar_day": by when it is accepted or refused, where the procedure says

	Portal Portal `json:"portal,omitzero"` // what the national portal knows

	LastChange time.Time `json:"last_change,omitzero"` // when the last fact that changed the state was true
	UpdatedAt  time.Time `json:"updated_at,omitzero"`  // when the last fact of any kind was true
}

// KnownBy is the number that people ask for the dossier by: its code, or that of the system it was imported from. Empty while it has
// none; no dossier has both.
func (s State) KnownBy() string { return cmp.Or(s.Code, s.ExternalCode) }

// Act is a milestone: which account did it, and when it was true.
type Act struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Done says whether the act has happened.
func (a Act) Done() bool { return !a.At.IsZero() }

// Supplement is one request to the applicant and its answer.
type Supplement struct {
	Stage       Stage            `json:"stage"`
	Items       []string         `json:"items"`
	Reason      SupplementReason `json:"reason"`
	WindowDays  int              `json:"window_days"`
	RequestedAt time.Time        `json:"requested_at"`
	Until       time.Time        `json:"until"`                // the window's last instant
	Answered    []string         `json:"answered,omitempty"`   // items that came, in the order asked
	AnsweredAt  time.Time        `json:"answered_at,omitzero"` // when the last item came
	Late        bool             `json:"late,omitempty"`       // an item came after the window
	Accepted    Act              `json:"accepted,omitzero"`    // at appraisal: who found it complete
	Closed      bool             `json:"closed,omitempty"`     // accepted, or expired; at reception: complete
	Expired     bool             `json:"expired,omitempty"`    // the window passed without a complete answer
	Number      int              `json:"number,omitempty"`     // of the round
	Parts       []Part           `json:"parts,omitempty"`      // what is asked of each item
}

// Complete says whether every item asked for has come.
func (s Supplement) Complete() bool { return len(s.Answered) == len(s.Items) }

// Opinion is one request to another unit and its answer.
type Opinion struct {
	Number      int       `json:"number"`
	Unit        string    `json:"unit"`
	Subject     string    `json:"subject,omitempty"`
	RequestedAt time.Time `json:"requested_at,omitzero"`
	Due         time.Time `json:"due,omitzero"`
	Verdict     Verdict   `json:"verdict,omitempty"`
	ReceivedAt  time.Time `json:"received_at,omitzero"`
	Late        bool      `json:"late,omitempty"`
	Counts      Verdict   `json:"counts,omitempty"` // what silence means
}

// Open says whether the answer is still awaited.
func (o Opinion) Open() bool { return o.Verdict == "" }

// Clock holds the facts from which the due date is computed.
type Clock struct {
	StartedAt     time.Time        `json:"started_at,omitzero"`
	StoppedAt     time.Time        `json:"stopped_at,omitzero"` // while it stands still
	RestartedFrom time.Time        `json:"restarted_from,omitzero"`
	Restarts      int              `json:"restarts,omitempty"`
	Pauses        []calendar.Pause `json:"pauses,omitempty"` // since the limit last began
	Term          Term             `json:"term,omitzero"`    // of the last clock event
}

// From is the moment from which the running limit is counted.
func (c Clock) From() time.Time {
	if !c.RestartedFrom.IsZero() {
		return c.RestartedFrom
	}
	return c.StartedAt
}

// Extension is the one move of the due date that the law allows (Decree 118/2025, Article 19.6).
type Extension struct {
	Proposed Act             `json:"proposed,omitzero"`
	Due      time.Time       `json:"due,omitzero"` // as proposed
	Reason   ExtensionReason `json:"reason,omitempty"`
	Approved Act             `json:"approved,omitzero"`
	Original time.Time       `json:"original,omitzero"` // the due date before
}

// Step is the last piece of work noted.
type Step struct {
	Code    string    `json:"code"`
	Unit    string    `json:"unit,omitempty"`
	Officer string    `json:"officer,omitempty"`
	At      time.Time `json:"at"`
}

// Exists says whether the dossier has been submitted.
func (s State) Exists() bool { return s.Status != None }

// OpenSupplement returns the request that still awaits its answer or its acceptance.
func (s State) OpenSupplement() (Supplement, bool) {
	for _, q := range s.Supplements {
		if !q.Closed {
			return q, true
		}
	}
	return Supplement{}, false
}

// SupplementAt returns the newest request of that stage.
func (s State) SupplementAt(stage Stage) (Supplement, bool) { return newest(s.Supplements, stage) }

func newest(list []Supplement, stage Stage) (Supplement, bool) {
	for _, q := range slices.Backward(list) {
		if q.Stage == stage {
			return q, true
		}
	}
	return Supplement{}, false
}

// rounds is how often that stage has asked.
func (s State) rounds(stage Stage) int {
	n := 0
	for _, q := range s.Supplements {
		if q.Stage == stage {
			n++
		}
	}
	return n
}

func (s State) opinion(number int) (Opinion, bool) {
	for _, o := range s.Opinions {
		if o.Number == number {
			return o, true
		}
	}
	return Opinion{}, false
}

// OpenOpinions returns the requests that still await their answer, the oldest first.
func (s State) OpenOpinions() []Opinion {
	var open []Opinion
	for _, o := range s.Opinions {
		if o.Open() {
			open = append(open, o)
		}
	}
	return open
}
