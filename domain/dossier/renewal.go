package dossier

import (
	"cmp"
	"time"
)

// A paper that runs out is renewed by its holder, who is reminded in time: when the procedure says, else 60 days before, which rests on no
// source and is marked assumed wherever it is shown.

// RenewalDays is how many calendar days before its end a holder is reminded where the procedure does not say (policy, assumed).
const RenewalDays = 60

// Reminder is when the holder of a paper is to be reminded, and whether that moment is assumed. The zero time: never, the paper has no end
// or does not stand any more.
func (p Paper) Reminder() (at time.Time, assumed bool) {
	if p.ValidUntil.IsZero() || p.Status == Replaced || p.Status == Revoked {
		return time.Time{}, false
	}
	if !p.RenewFrom.IsZero() {
		return p.RenewFrom, false
	}
	at = p.ValidUntil.AddDate(0, 0, -RenewalDays)
	if at.Before(p.IssuedAt) { // it lasts for less
		at = p.IssuedAt
	}
	return at, true
}

// PaperVerdict is what the public is told of a paper.
type PaperVerdict string

// The verdicts. A corrected paper is valid.
const (
	PaperValid    PaperVerdict = "valid"
	PaperExpired  PaperVerdict = "expired"
	PaperReplaced PaperVerdict = "replaced"
	PaperRevoked  PaperVerdict = "revoked"
)

func (PaperVerdict) values() []string { return []string{"valid", "expired", "replaced", "revoked"} }

// Verdict says what a paper is at a moment. What was replaced or revoked stays so, whatever its dates say.
func (p Paper) Verdict(at time.Time) PaperVerdict {
	switch {
	case p.Status == Replaced:
		return PaperReplaced
	case p.Status == Revoked:
		return PaperRevoked
	case !p.Stands(at):
		return PaperExpired
	}
	return PaperValid
}

// ReplacedBy is the number of the paper that stands in the place of another, 0 for none.
func (s State) ReplacedBy(number int) int {
	for _, p := range s.Papers {
		if p.Replaces == number {
			return p.Number
		}
	}
	return 0
}

// renewals are the reminders of the papers that stand.
func (s *State) renewals() (all []Timer) {
	for _, p := range s.Papers {
		if at, _ := p.Reminder(); !at.IsZero() {
			all = append(all, Timer{Kind: RenewalTimer, Number: p.Number, From: p.IssuedAt, Due: at, Agency: s.FiledAt, Unit: cmp.Or(s.FiledAt, s.Unit)})
		}
	}
	return all
}
