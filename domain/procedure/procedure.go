// Package procedure is the catalogue: for each administrative procedure the versions of the rules under which its dossiers are filed
// and resolved.
//
// A procedure is a stream of publication decisions. Each brings a whole version, valid from a day on, and a dossier stays with the
// version under which it was filed until it is moved by an act of its own. Nothing about a procedure is a constant of the program; what
// rests on no source that was read is marked assumed and must be shown so.
package procedure

import (
	"slices"

	"dossier/domain/calendar"
)

// Procedure is what the facts of one procedure amount to. It is never changed: Evolve returns another.
type Procedure struct {
	ID       string
	Position int64     // the stream's version: how many facts there are
	Versions []Version // in the order of their numbers, from 1

	withdrawn    int           // the newest version that was withdrawn, 0 for none
	WithdrawnAt  calendar.Date // from this day on it is not valid
	WithdrawnFor Withdrawn
}

// Fold is the procedure after these facts, in the order of their versions.
func Fold(facts []Fact) Procedure {
	var p Procedure
	for _, f := range facts {
		p = Evolve(p, f)
	}
	return p
}

// Fact is an event in its place.
type Fact struct {
	Version int64
	Event   Event
}

// Evolve is the procedure after one more fact. Facts of switches and of the catalogue say nothing about it.
func Evolve(p Procedure, f Fact) Procedure {
	p.Position = f.Version
	switch e := f.Event.(type) {
	case Published:
		v := e.Version.complete()
		v.Number, v.Decision = e.Number, e.Decision
		p.ID, p.Versions = v.ID, append(slices.Clone(p.Versions), v)
	case Withdrawn:
		p.withdrawn, p.WithdrawnAt, p.WithdrawnFor = len(p.Versions), e.From, e
	}
	return p
}

// Exists says whether a version was ever published.
func (p Procedure) Exists() bool { return len(p.Versions) > 0 }

// Newest is the version that was published last, whether it is valid yet or not.
func (p Procedure) Newest() (Version, bool) {
	if !p.Exists() {
		return Version{}, false
	}
	return p.Versions[len(p.Versions)-1], true
}

// Version is the one of that number.
func (p Procedure) Version(number int) (Version, bool) {
	if number < 1 || number > len(p.Versions) {
		return Version{}, false
	}
	return p.Versions[number-1], true
}

// On is the version that is valid on a day: of those that are valid by then the one published last. None, when the procedure begins
// later or was withdrawn.
func (p Procedure) On(day calendar.Date) (Version, bool) {
	for _, v := range slices.Backward(p.Versions) {
		if v.Decision.ValidFrom <= day {
			return v, v.Number > p.withdrawn || day < p.WithdrawnAt
		}
	}
	return Version{}, false
}

// Withdrawn says whether the newest version was withdrawn, and from which day on.
func (p Procedure) Withdrawn() (calendar.Date, bool) {
	return p.WithdrawnAt, p.withdrawn > 0 && p.withdrawn == len(p.Versions)
}
