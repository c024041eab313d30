package procedure

import "dossier/domain/calendar"

// An Event is a fact of a procedure, of a switch, or of the list of all. The set is closed.
type Event interface{ event() }

// Published brings a whole version, in force from a day on. It takes the place of the one before.
type Published struct {
	Number int `json:"number"`
	Decision
	Version Version `json:"version"`
}

// Withdrawn ends a procedure from a day on: nothing is filed any more; what was filed goes on under its version.
type Withdrawn struct {
	Decision  string        `json:"decision"`
	DecidedOn calendar.Date `json:"decided_on"`
	From      calendar.Date `json:"from"`
}

// SwitchOpened lets a unit receive dossiers of a procedure; all units that have no switch of their own when Unit is empty.
type SwitchOpened struct {
	Procedure string `json:"procedure"`
	Unit      string `json:"unit,omitempty"`
	Reason    Reason `json:"reason"`
	Basis     string `json:"basis"`
}

// SwitchClosed keeps a unit from receiving dossiers of a procedure.
type SwitchClosed struct {
	Procedure string `json:"procedure"`
	Unit      string `json:"unit,omitempty"`
	Reason    Reason `json:"reason"`
	Basis     string `json:"basis"`
}

// Listed enters a procedure, or a switch of one of its units, in the list by which all are found.
type Listed struct {
	Procedure string `json:"procedure"`
	Switch    bool   `json:"switch,omitempty"`
	Unit      string `json:"unit,omitempty"`
}

func (Published) event()    {}
func (Withdrawn) event()    {}
func (SwitchOpened) event() {}
func (SwitchClosed) event() {}
func (Listed) event()       {}

// Reason is why a switch is turned.
type Reason string

// Why a unit is opened, and why it is closed (Decree 224/2026, Article 14, gives the last four).
const (
	Pilot             Reason = "pilot"
	RollOut           Reason = "roll_out"
	Resumed           Reason = "resumed"
	PilotEnded        Reason = "pilot_ended"
	UnitNotReady      Reason = "unit_not_ready"
	LawChanged        Reason = "law_changed"
	TechnicalIncident Reason = "technical_incident"
	PhysicalPresence  Reason = "physical_presence"
	OnSiteCheck       Reason = "on_site_verification"
	OtherTechnical    Reason = "other_technical"
)

// OpenReasons lists why a switch is opened.
func OpenReasons() []Reason { return []Reason{Pilot, RollOut, Resumed} }

// CloseReasons lists why a switch is closed.
func CloseReasons() []Reason {
	return []Reason{PilotEnded, UnitNotReady, LawChanged, TechnicalIncident, PhysicalPresence, OnSiteCheck, OtherTechnical}
}
