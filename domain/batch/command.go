package batch

import "encoding/json"

// A Command is a wish about a batch. The set is closed.
type Command interface{ command() }

// Plan fixes a batch. Nothing is done to any dossier.
type Plan struct {
	Command    string
	Arguments  json.RawMessage
	AnyVersion bool
	Items      int
	List       string
}

// Start lets it run, or run on.
type Start struct {
	StopAfter int // refusals; 0: never
}

// Record says what became of the next items: From is where the batch stood.
type Record struct {
	From    int
	Results []Result
}

// Undo lets what was done be taken back. Seen names the consequences that were shown.
type Undo struct {
	Reason string
	Seen   []string
}

// RecordUndo says what became of the next items as they were taken back.
type RecordUndo struct {
	From    int
	Results []Result
}

func (Plan) command()       {}
func (Start) command()      {}
func (Record) command()     {}
func (Undo) command()       {}
func (RecordUndo) command() {}
