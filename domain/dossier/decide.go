package dossier

import (
	"errors"
	"time"

	"dossier/domain"
	"dossier/domain/procedure"
)

// Context is what a command brings with it: Decide reads no clock and asks nobody.
type Context struct {
	Now        time.Time
	OccurredAt time.Time // zero: it happens now
	Actor      domain.Actor
	Origin     domain.Origin
	LateReason string             // of LateReasons, when OccurredAt is more than five minutes before Now
	Procedure  *procedure.Version // of the submission, valid at OccurredAt
	Source     Source             // imports: kept in every event
}

// When is the time at which the act is true: the one given, else now, but a clock that is a little behind never puts an act
// before the one it follows. The journal stores this as occurred_at.
func (x Context) When(s State) time.Time {
	if !x.OccurredAt.IsZero() {
		return instant(x.OccurredAt)
	}
	if now := instant(x.Now); now.After(s.LastChange) {
		return now
	}
	return s.LastChange
}

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Decide answers a command with facts, with nothing when it is already so, or with a *domain.Refusal (a *domain.Invalid for
// a value that cannot be understood).
func Decide(s State, c Command, x Context) ([]Event, error) {
	return nil, errors.New("decide: not ready")
}
