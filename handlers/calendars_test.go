package handlers_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"
)

func (d *desk) publish(account, code, file string) (handlers.Published, error) {
	d.t.Helper()
	return d.PublishCalendar(d.t.Context(), d.as(account), code, []byte(file), d.envelope(file))
}

func TestACalendarIsPublishedByItsAdministratorAndReadAsItWas(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	vn := string(calendar.Shipped()["vn"])
	if _, err := d.publish("auditor", "vn", vn); refusalCode(err) != handlers.NotAllowed {
		t.Errorf("an auditor published a calendar: %v", err)
	}
	first, err := d.publish("catalogue", "vn", vn)
	if err != nil || first.Events == 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := d.publish("catalogue", "vn", vn); err != nil || again.Events != 0 || again.Version != first.Version {
		t.Errorf("published again: %+v, %v", again, err)
	}
	var mistakes handlers.Mistakes
	if _, err := d.publish("catalogue", "vn", strings.Replace(vn, "2026-11-24", "2026-11-31", 1)); !errors.As(err, &mistakes) || mistakes[0].Line == 0 {
		t.Errorf("a broken file: %v", err)
	}
	if _, err := d.publish("catalogue", "other", vn); err == nil {
		t.Error("a file was published under another code")
	}
	changed, err := d.publish("catalogue", "vn", strings.Replace(vn, `{"date": "2026-11-24", "kind": "holiday", "name": "culture", "certainty": "secondary"}`, `{"date": "2026-11-25", "kind": "holiday", "name": "culture", "certainty": "secondary"}`, 1))
	if err != nil || changed.Events != 1 {
		t.Fatalf("%+v, %v", changed, err)
	}
	day := calendar.On(2026, time.November, 24)
	now, err := d.Calendars().Get(t.Context(), "vn")
	if err != nil || now.Version != changed.Version || !now.Judge("", day).Works() {
		t.Errorf("now: version %d, %v", now.Version, err)
	}
	was, err := d.Calendars().At(t.Context(), "vn", first.Version)
	if err != nil || was.Judge("", day).Works() {
		t.Errorf("as it was: %v", err)
	}
}

func TestADueDateIsCountedOverThePublishedCalendarAndExplainsItself(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.submitted()
	d.done("reception", id, dossier.AcceptDossier{})
	before, err := d.state(id)
	if err != nil || !before.Due.IsZero() || before.Clock.Term.MissingYear == 0 {
		t.Fatalf("without a calendar: %s, %+v, %v", before.Due, before.Clock.Term, err)
	}
	if _, err := d.publish("catalogue", "vn", string(calendar.Shipped()["vn"])); err != nil {
		t.Fatal(err)
	}
	other := d.submitted()
	d.done("reception", other, dossier.AcceptDossier{})
	s, err := d.state(other)
	if err != nil || s.Due.IsZero() {
		t.Fatalf("due %s, %v", s.Due, err)
	}
	got, err := d.Deadline(t.Context(), s)
	if err != nil || got.Due == nil || !got.Due.Equal(s.Due) || got.Limit != "3 working_day" {
		t.Fatalf("%+v, %v", got, err)
	}
	last := got.Steps[len(got.Steps)-1]
	if last.Effect != "ends" || last.N != 3 || last.Date != calendar.DateOf(s.Due, handlers.Zone()).String() || last.VI == "" || last.EN == "" {
		t.Errorf("the last row is %+v, due %s", last, s.Due)
	}
}

func (d *desk) state(id [16]byte) (dossier.State, error) {
	s, _, err := d.AsOf(d.t.Context(), id, handlers.Asked{})
	return s, err
}
