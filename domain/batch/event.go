package batch

import (
	"encoding/json"
)

// An Event is a fact of a batch, or of the list of its items. The set is closed.
type Event interface{ event() }

// Planned fixes what is to be done, and to which dossiers: List is the sum of the items, which stand in streams of their own.
type Planned struct {
	Command    string          `json:"command"`   // "approve"
	Arguments  json.RawMessage `json:"arguments"` // the body of the command as one dossier takes it
	AnyVersion bool            `json:"any_version,omitempty"`
	Total      int             `json:"total"`
	List       string          `json:"list"`
}

// Listed is one chunk of the items, in the order in which they are done.
type Listed struct {
	Items []Item `json:"items"`
}

// Started lets it run, from the first item that is not done. StopAfter 0 passes over any number of refusals.
type Started struct {
	StopAfter int `json:"stop_after,omitempty"`
}

// Progressed says what became of the items from From up to, not including, To. Those that are in no group were done.
type Progressed struct {
	From      int     `json:"from"`
	To        int     `json:"to"`
	Otherwise []Group `json:"otherwise,omitempty"`
}

// Halted says that it met as many refusals as it was to stop after.
type Halted struct {
	Refusals int `json:"refusals"`
}

// Finished says that every item was tried.
type Finished struct {
	Counts map[Outcome]int `json:"counts"`
}

// UndoStarted lets it be taken back, up to the item Until. Seen are the consequences that were shown.
type UndoStarted struct {
	Reason string   `json:"reason"`
	Seen   []string `json:"seen,omitempty"`
	Until  int      `json:"until"`
}

// Undone says what became of the items as they were taken back. Those that are in no group were taken back.
type Undone struct {
	From      int     `json:"from"`
	To        int     `json:"to"`
	Otherwise []Group `json:"otherwise,omitempty"`
}

// Compensated says that everything that could be taken back is.
type Compensated struct {
	Counts map[Outcome]int `json:"counts"`
}

func (Planned) event()     {}
func (Listed) event()      {}
func (Started) event()     {}
func (Progressed) event()  {}
func (Halted) event()      {}
func (Finished) event()    {}
func (UndoStarted) event() {}
func (Undone) event()      {}
func (Compensated) event() {}
