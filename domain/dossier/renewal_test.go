package dossier_test

import (
	"testing"
	"time"

	"dossier/domain/dossier"
)

func TestAHolderIsRemindedBeforeAPaperRunsOut(t *testing.T) {
	issued := time.Date(2026, 1, 10, 3, 0, 0, 0, time.UTC)
	until := issued.AddDate(0, 12, 0)
	for _, c := range []struct {
		name    string
		paper   dossier.Paper
		want    time.Time
		assumed bool
	}{
		{"when the procedure says", dossier.Paper{Status: dossier.Valid, IssuedAt: issued, ValidUntil: until, RenewFrom: until.AddDate(0, 0, -30)}, until.AddDate(0, 0, -30), false},
		{"else sixty days before, which is assumed", dossier.Paper{Status: dossier.Corrected, IssuedAt: issued, ValidUntil: until}, until.AddDate(0, 0, -60), true},
		{"at once, of one that lasts for less", dossier.Paper{Status: dossier.Valid, IssuedAt: issued, ValidUntil: issued.AddDate(0, 0, 20)}, issued, true},
		{"never, of one without end", dossier.Paper{Status: dossier.Valid, IssuedAt: issued}, time.Time{}, false},
		{"never, of one that was revoked", dossier.Paper{Status: dossier.Revoked, IssuedAt: issued, ValidUntil: until}, time.Time{}, false},
		{"never, of one that was replaced", dossier.Paper{Status: dossier.Replaced, IssuedAt: issued, ValidUntil: until, RenewFrom: until}, time.Time{}, false},
	} {
		at, assumed := c.paper.Reminder()
		if !at.Equal(c.want) || assumed != c.assumed {
			t.Errorf("%s: %v, assumed %v", c.name, at, assumed)
		}
		c.paper.Number = 1
		timers := (&dossier.State{Status: dossier.Returned, Papers: []dossier.Paper{c.paper}}).Timers()
		if c.want.IsZero() != (len(timers) == 0) || len(timers) == 1 && (timers[0].Kind != dossier.RenewalTimer || !timers[0].Due.Equal(c.want)) {
			t.Errorf("%s: timers %+v", c.name, timers)
		}
	}
}

func TestAPaperIsWhatThePublicIsTold(t *testing.T) {
	issued := time.Date(2026, 1, 10, 3, 0, 0, 0, time.UTC)
	until := issued.AddDate(0, 12, 0)
	for _, c := range []struct {
		status dossier.PaperStatus
		at     time.Time
		want   dossier.PaperVerdict
	}{
		{dossier.Valid, issued, dossier.PaperValid}, {dossier.Corrected, until, dossier.PaperValid}, {dossier.Valid, until.Add(time.Second), dossier.PaperExpired},
		{dossier.Replaced, issued, dossier.PaperReplaced}, {dossier.Revoked, issued, dossier.PaperRevoked}, {dossier.Revoked, until.AddDate(1, 0, 0), dossier.PaperRevoked},
	} {
		p := dossier.Paper{Status: c.status, IssuedAt: issued, ValidUntil: until}
		if got := p.Verdict(c.at); got != c.want || (got == dossier.PaperValid) != p.Stands(c.at) {
			t.Errorf("%s at %v: %s, stands %v", c.status, c.at, got, p.Stands(c.at))
		}
	}
}
