package procedure

import "dossier/domain/calendar"

// A Command is a wish about a procedure. The set is closed.
type Command interface{ command() }

// Publish brings a version by a decision.
type Publish struct {
	Decision Decision
	Version  Version
	Cases    []Case // the combinations of facts that can occur, as found by trying the conditions; nil: all
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
