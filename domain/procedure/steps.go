package procedure

import (
	"dossier/domain"
	"dossier/domain/calendar"
)

// StepKind is what is done in a work step of appraisal.
type StepKind string

// The kinds of work steps.
const (
	DeskCheck   StepKind = "desk_check"
	Inspection  StepKind = "inspection"
	Laboratory  StepKind = "laboratory"
	Council     StepKind = "council"
	Opinion     StepKind = "opinion"
	Remediation StepKind = "remediation"
	Publication StepKind = "publication"
)

// Effect is what a work step does to the processing clock.
type Effect string

// What the clock does while a step is open.
const (
	Runs  Effect = "runs"
	Stops Effect = "stops"
)

// Silence is what it means when nobody answers in time.
type Silence string

// An opinion that is not given counts as agreed, or is merely late; a decision that is not taken means nothing, or grants, or refuses.
const (
	Late    Silence = "late"
	Agreed  Silence = "agreed"
	Nothing Silence = "none"
	Granted Silence = "granted"
	Refused Silence = "refused"
)

// WorkStep is one piece of work inside appraisal that the procedure prescribes.
type WorkStep struct {
	Code     string           `json:"code"`
	Kind     StepKind         `json:"kind"`
	NameVI   string           `json:"name_vi"`
	NameEN   string           `json:"name_en"`
	Unit     string           `json:"unit,omitempty"`   // who does it; "": the unit that resolves
	When     string           `json:"when,omitempty"`   // the fact under which it is due; "": always
	After    []string         `json:"after,omitempty"`  // codes of the steps that must be finished before
	Required bool             `json:"required"`         // no decision without it
	Limits   []calendar.Limit `json:"limits,omitempty"` // its own time; empty: none
	Clock    Effect           `json:"clock,omitempty"`  // "": runs
	Silence  Silence          `json:"silence,omitempty"`
}

// Approval is one level of the chain that decides, lowest first.
type Approval struct {
	Level  int         `json:"level"`
	Role   domain.Role `json:"role"`
	NameVI string      `json:"name_vi"`
	NameEN string      `json:"name_en"`
}

// Result is a paper that the procedure ends with.
type Result struct {
	Code        string `json:"code"`
	NameVI      string `json:"name_vi"`
	NameEN      string `json:"name_en"`
	ValidMonths int    `json:"valid_months,omitempty"` // 0: without end
	RenewDays   int    `json:"renew_days,omitempty"`   // how long before its end a reminder is due
}

// Flow is what a version prescribes between acceptance and the end. Its zero value prescribes nothing: one approver, no work steps.
type Flow struct {
	Steps           []WorkStep `json:"steps,omitempty"`
	Approvals       []Approval `json:"approvals,omitempty"` // empty: one approver
	Results         []Result   `json:"results,omitempty"`
	OnSilence       Silence    `json:"on_silence,omitempty"`       // "": Nothing
	Immediate       bool       `json:"immediate,omitempty"`        // received and resolved in one act
	SameHand        bool       `json:"same_hand,omitempty"`        // immediate procedures: who appraised may decide
	Notification    bool       `json:"notification,omitempty"`     // ends as published, without approval
	RemediationDays int        `json:"remediation_days,omitempty"` // calendar days to mend what an inspection found
	RemediationStop bool       `json:"remediation_stop,omitempty"` // the clock stands still meanwhile
}
