package procedure

import "dossier/domain/calendar"

// A Command is a wish about a procedure. The set is closed.
type Command interface{ command() }

// Publish brings a version by a decision.
type Publish struct {
	Decision Decision
	Version  Version
}

// Withdraw ends a procedure from a day on.
type Withdraw struct {
	Decision  string
	DecidedOn calendar.Date
	From      calendar.Date
}

func (Publish) command()  {}
func (Withdraw) command() {}

// Turn opens or closes a switch.
type Turn struct {
	Procedure string
	Unit      string
	Open      bool
	Reason    Reason
	Basis     string
}
