// Package batch is one act on many dossiers: planned once, done item by item, and taken back as a whole.
//
// What was done to a dossier stands in that dossier's own history, which names the batch. The batch itself says only how far it came and
// what did not go as planned, so it stays small: one event for up to a thousand items.
package batch

import (
	"encoding/json"
	"maps"
	"time"

	"dossier/domain"
)

const (
	// MostItems of one batch.
	MostItems = 100_000
	// ChunkSize is how many items are listed in one event, and the most that are under way before the batch says how far it came.
	ChunkSize = 1000
)

// State is what a batch amounts to. It does not grow with the number of its items.
type State struct {
	Version    int64           `json:"version"`
	By         domain.Actor    `json:"by"` // who planned it: its items are done in that name
	Command    string          `json:"command"`
	Arguments  json.RawMessage `json:"arguments"`
	AnyVersion bool            `json:"any_version"`
	Total      int             `json:"total"`
	List       string          `json:"list"` // sum of the items
	PlannedAt  time.Time       `json:"planned_at"`

	Phase     Phase           `json:"phase"`
	StopAfter int             `json:"stop_after_refusals,omitempty"`
	Refusals  int             `json:"refusals"`  // since it was started last
	Processed int             `json:"processed"` // items, from the first on
	Counts    map[Outcome]int `json:"counts"`

	Undo *Undoing `json:"undo,omitempty"`
}

// Undoing is how far a batch is taken back.
type Undoing struct {
	By        domain.Actor    `json:"by"`
	Reason    string          `json:"reason"`
	Seen      []string        `json:"seen,omitempty"` // the consequences that were shown
	Until     int             `json:"until"`          // items: all that may have been done
	Processed int             `json:"processed"`
	Counts    map[Outcome]int `json:"counts"`
}

// Phase is where a batch stands.
type Phase string

// The phases of a batch.
const (
	PlannedPhase     Phase = "planned"
	RunningPhase     Phase = "running"
	HaltedPhase      Phase = "halted" // by too many refusals; it may be started again
	FinishedPhase    Phase = "finished"
	UndoingPhase     Phase = "undoing"
	CompensatedPhase Phase = "compensated"
)

// Exists says whether anything was planned.
func (s State) Exists() bool { return s.Version > 0 }

// AtWork says whether there is something to do now.
func (s State) AtWork() bool { return s.Phase == RunningPhase || s.Phase == UndoingPhase }

// Left is how many more refusals a running batch may meet, -1 for any number.
func (s State) Left() int {
	if s.StopAfter == 0 {
		return -1
	}
	return max(s.StopAfter-s.Refusals, 0)
}

// Chunk says in which chunk an item is listed, and where in it.
func Chunk(item int) (chunk, place int) { return item / ChunkSize, item % ChunkSize }

// Fact is an event with what surrounds it.
type Fact struct {
	Version    int64
	By         domain.Actor
	RecordedAt time.Time
	Event      Event
}

// Fold is what a history amounts to.
func Fold(facts []Fact) (s State) {
	for _, f := range facts {
		s = Evolve(s, f)
	}
	return s
}

// Evolve is the state after one more fact.
func Evolve(s State, f Fact) State {
	s.Version = f.Version
	switch e := f.Event.(type) {
	case Planned:
		s.By, s.PlannedAt, s.Phase = f.By, f.RecordedAt, PlannedPhase
		s.Command, s.Arguments, s.AnyVersion, s.Total, s.List = e.Command, e.Arguments, e.AnyVersion, e.Total, e.List
		s.Counts = map[Outcome]int{}
	case Started:
		s.Phase, s.StopAfter, s.Refusals = RunningPhase, e.StopAfter, 0
	case Progressed:
		s.Processed = e.To
		s.Counts = add(s.Counts, Done, e.To-e.From, e.Otherwise)
		s.Refusals += Refusals(e.Otherwise)
	case Halted:
		s.Phase = HaltedPhase
	case Finished:
		s.Phase = FinishedPhase
	case UndoStarted:
		s.Phase = UndoingPhase
		s.Undo = &Undoing{By: f.By, Reason: e.Reason, Seen: e.Seen, Until: e.Until, Counts: map[Outcome]int{}}
	case Undone:
		u := *s.Undo
		u.Processed, u.Counts = e.To, add(u.Counts, TakenBack, e.To-e.From, e.Otherwise)
		s.Undo = &u
	case Compensated:
		s.Phase = CompensatedPhase
	case Listed: // in a stream of its own
	}
	return s
}

// add counts so many items, those in the groups under their own outcome and the others under the usual one.
func add(counts map[Outcome]int, usual Outcome, items int, otherwise []Group) map[Outcome]int {
	counts = maps.Clone(counts)
	for _, g := range otherwise {
		counts[g.Outcome] += len(g.Items)
		items -= len(g.Items)
	}
	if items > 0 {
		counts[usual] += items
	}
	return counts
}
