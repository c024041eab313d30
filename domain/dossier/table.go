package dossier

import "dossier/domain"

// Two targets that are no state of their own.
const (
	Same Status = "="  // the state stays
	Back Status = "<-" // from verifying to where it was, once the last answer is in
)

// A Transition is one row of the law of moves: from these states this command gives these events and leads there, when one
// of these roles asks for it.
type Transition struct {
	Command string // "RequestSupplement"
	From    []Status
	To      Status
	Else    Status   // where a partial answer leads instead, "" if there is none
	Events  []string // stored names, in order
	Actors  []domain.Role
	Origin  domain.Origin // import: never a live act
}

// Table is the law of moves.
func Table() []Transition { return transitions }

var transitions []Transition

// Allowed lists the commands that the state and the role admit now, in kebab-case, in the order of a dossier's way. What a
// guard beyond the state forbids is still listed: the refusal explains itself.
func Allowed(s State, r domain.Role) []string { return nil }
