package dossier_test

import (
	"testing"
	"time"

	"dossier/domain/dossier"
)

// lateEntry is a dossier whose opinion came on Tuesday noon and was entered on Thursday.
func lateEntry(t *testing.T) (l *life, tuesday, thursday time.Time) {
	l = in(t, dossier.Verifying)
	tuesday, thursday = l.now.Add(20*time.Hour), l.now.Add(68*time.Hour)
	l.now = thursday
	return l.then(t, by(laboratory, opinion.what, func(x *dossier.Context) { x.OccurredAt, x.LateReason = tuesday, "paper_record" })), tuesday, thursday
}

func TestWhatWasTrueAndWhatWasKnownAreTwoQuestions(t *testing.T) {
	l, tuesday, thursday := lateEntry(t)
	wednesday := tuesday.Add(24 * time.Hour)
	for _, c := range []struct {
		name      string
		at, known *time.Time
		want      dossier.Status
	}{
		{"now, as known now", nil, nil, dossier.Appraising},
		{"on Wednesday, as known on Wednesday, the opinion is still out", &wednesday, &wednesday, dossier.Verifying},
		{"on Wednesday, as known on Thursday, it had come", &wednesday, &thursday, dossier.Appraising},
		{"just before it came, as known on Thursday", before(tuesday), &thursday, dossier.Verifying},
		{"at the very moment it came", &tuesday, nil, dossier.Appraising},
		{"now, as known on Wednesday", nil, &wednesday, dossier.Verifying},
		{"before the submission there is no dossier", before(monday), nil, dossier.None},
	} {
		if got := dossier.AsOf(l.facts, c.at, c.known).Status; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func before(t time.Time) *time.Time { b := t.Add(-time.Microsecond); return &b }

func TestAnActEnteredLateIsNotBackdatedUnlessItPassesAnother(t *testing.T) {
	l, _, _ := lateEntry(t)
	if dossier.Backdated(l.facts) {
		t.Error("the opinion was entered late, but nothing happened after it")
	}
	l.then(t, by(importer, note.what, func(x *dossier.Context) { x.OccurredAt = monday }))
	if !dossier.Backdated(l.facts) {
		t.Error("a step of Monday was recorded after Tuesday's opinion")
	}
}
