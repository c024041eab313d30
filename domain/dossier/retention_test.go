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
		if _, err := l.ask(disposing(until.Add(time.Second))); err != nil {
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
