package dossier_test

import (
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

func keeping(r procedure.Retention) func(*dossier.Context) {
	return func(x *dossier.Context) { x.Procedure.Retention = r }
}

func TestARecordIsKeptAsLongAsItsProcedureSaysFromTheDayItEnded(t *testing.T) {
	five := procedure.Retention{Years: 5}
	for _, ended := range []dossier.Status{dossier.Returned, dossier.Stopped, dossier.ReceptionRefusedStatus} {
		l := in(t, ended)
		at := l.state.EndedAt()
		until, forEver, known := l.state.KeptFor(5, false)
		if y, m, d := at.In(time.FixedZone("", 7*3600)).Date(); forEver || !known || !until.Equal(time.Date(y+5, m, d+1, -7, 0, 0, 0, time.UTC).Add(-time.Microsecond)) {
			t.Fatalf("%s: ended %v, kept until %v", ended, at, until)
		}
		disposing := func(when time.Time) act {
			return by(clerk, dispose.what, func(x *dossier.Context) { x.Now = when; keeping(five)(x) })
		}
		if _, err := l.ask(disposing(until)); refusal(err) != "retention_not_over" {
			t.Errorf("%s, on the last moment: %v", ended, err)
		}
		announcing := by(clerk, dossier.AnnounceDisposal{}, func(x *dossier.Context) { x.Now = until.Add(time.Second); keeping(five)(x) })
		if _, err := l.ask(disposing(until.Add(time.Second))); refusal(err) != "disposal_not_announced" {
			t.Errorf("%s, without notice: %v", ended, err)
		}
		l.then(t, announcing)
		if after := l.state.DisposalAfter; after.Before(until.AddDate(0, 0, 30)) || after.After(until.AddDate(0, 0, 34)) {
			t.Errorf("%s: notice until %v", ended, after)
		}
		if _, err := l.ask(disposing(l.state.DisposalAfter)); refusal(err) != "disposal_notice_runs" {
			t.Errorf("%s, on the last day of the notice: %v", ended, err)
		}
		if _, err := l.ask(disposing(l.state.DisposalAfter.Add(time.Second))); err != nil {
			t.Errorf("%s, after it: %v", ended, err)
		}
	}
}

func TestWhatIsKeptForEverOrForNobodyKnowsHowLongIsNotDisposedOf(t *testing.T) {
	l := in(t, dossier.Returned)
	late := after(99 * 365 * 24 * time.Hour)
	for want, r := range map[string]procedure.Retention{"kept_for_ever": {Permanent: true}, "retention_unknown": {}} {
		if _, err := l.ask(by(clerk, dispose.what, both(late, keeping(r)))); refusal(err) != want {
			t.Errorf("%+v: %v, want %s", r, err, want)
		}
	}
	if _, _, known := in(t, dossier.Appraising).state.KeptFor(5, false); known {
		t.Error("what goes on has an end already")
	}
}

// Given a dossier that has ended, then its record goes to the agency's archive within a year, and one that is kept for ever to the historical
// archive within five years of that; later it is taken and marked.
func TestARecordGoesToItsArchivesInTime(t *testing.T) {
	permanent := keeping(procedure.Retention{Permanent: true})
	l := in(t, dossier.Returned)
	to, due := l.state.HandOverDue(true)
	if y, m, d := l.state.EndedAt().In(time.FixedZone("", 7*3600)).Date(); to != dossier.AgencyArchive || !due.Equal(time.Date(y+1, m, d+1, -7, 0, 0, 0, time.UTC).Add(-time.Microsecond)) {
		t.Fatalf("%s by %v", to, due)
	}
	late := in(t, dossier.Returned).then(t, by(clerk, archive.what, func(x *dossier.Context) { x.Now = due.Add(time.Second) }))
	if !late.state.Archived.Late {
		t.Error("a hand-over after its time is not marked")
	}
	l.then(t, by(clerk, archive.what, func(x *dossier.Context) { x.Now = due }))
	if a := l.state.Archived; a.Late || !a.Agency.Done() || a.Register != "mlhs-7" {
		t.Errorf("%+v", a)
	}
	if to, _ := l.state.HandOverDue(false); to != "" {
		t.Errorf("a record with a time goes to %s too", to)
	}
	to, next := l.state.HandOverDue(true)
	if to != dossier.HistoricalArchive || next.Before(due.AddDate(5, 0, -1)) || next.After(due.AddDate(5, 0, 2)) {
		t.Errorf("%s by %v", to, next)
	}
	l.then(t, by(clerk, dossier.HandOverRecord{To: dossier.HistoricalArchive, Register: "mlhs-9"}, both(permanent, func(x *dossier.Context) { x.Now = next })))
	if to, _ := l.state.HandOverDue(true); to != "" || l.state.Archived.Register != "mlhs-9" {
		t.Errorf("still to %s: %+v", to, l.state.Archived)
	}
}
