package dossier

import "time"

// AsOf is the state as it was at one moment, according to what was known at another: of the facts recorded by knownAt, those
// that had happened by at. A nil moment is the end of time.
//
// Facts are in version order, and recorded_at never decreases along it, so what was known is a prefix.
func AsOf(facts []Fact, at, knownAt *time.Time) State {
	known := len(facts)
	for knownAt != nil && known > 0 && facts[known-1].RecordedAt.After(*knownAt) {
		known--
	}
	var s State
	for i := range facts[:known] {
		if at == nil || !facts[i].OccurredAt.After(*at) {
			s.apply(&facts[i])
		}
	}
	return s
}

// Backdated says whether a fact happened before one of an earlier version. Then the states kept after each version do not
// answer what was true at a moment, and the stream must be folded with AsOf.
func Backdated(facts []Fact) bool {
	for i := 1; i < len(facts); i++ {
		if facts[i].OccurredAt.Before(facts[i-1].OccurredAt) {
			return true
		}
	}
	return false
}
