package organisation

import "dossier/domain/calendar"

// A Command is a wish about the organisation. The set is closed.
type Command interface{ command() }

// Apply brings the organisation to what a plan says, all of it or nothing.
type Apply struct {
	Plan  Plan
	Today calendar.Date // what has not begun by then may vanish from the plan
	By    string        // the account that applies it and may not give itself anything; "": the operator
}

func (Apply) command() {}

// ResetSandbox closes the open round of a sandbox and opens the next.
type ResetSandbox struct {
	Agency string
}

func (ResetSandbox) command() {}
