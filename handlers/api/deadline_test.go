package api_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"dossier/domain/calendar"
	"dossier/handlers"
	"dossier/projections"
)

// addHoliday makes a working day of a calendar's file a holiday.
func addHoliday(file, day string) string {
	year := regexp.MustCompile(`\{"year": ` + day[:4] + `,.*"days": \[`)
	return year.ReplaceAllString(file, "$0\n{\"date\": \""+day+"\", \"kind\": \"holiday\", \"name\": \"flood\", \"certainty\": \"text\"},")
}

// publish brings the calendar of Vietnam to what a file says.
func (h *house) publish(file string) (*handlers.Executor, calendar.Calendar) {
	h.t.Helper()
	x := handlers.NewExecutor(h.journal, handlers.ExecutorOptions{CommandKey: []byte("test")})
	catalogue, _ := handlers.NewDevLogin().Account("catalogue")
	if _, err := x.PublishCalendar(h.t.Context(), catalogue.Actor(), "vn", []byte(file), handlers.Envelope{Key: handlers.NewKey()}); err != nil {
		h.t.Fatal(err)
	}
	c, err := x.Calendars().Get(h.t.Context(), "vn")
	if err != nil {
		h.t.Fatal(err)
	}
	return x, c
}

func TestAChangedCalendarMovesExactlyTheDatesOfTheOpenDossiersItTouches(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	views := projections.NewViews(h.pool, h.journal).Follow(h.engine)
	vn := string(calendar.Shipped()["vn"])
	h.publish(vn)
	refused := h.submitted()
	h.done("reception", refused.ID, "refuse-reception", `{"reason":"wrong_agency","basis":"nd-118-2025.17.1"}`)
	r := h.appraised()
	var before, after handlers.Deadline
	h.get("auditor", "/v1/dossiers/"+r.ID+"/deadline?"+h.seen(r)).is(http.StatusOK).into(&before)
	if before.Due == nil || before.Closes == nil || before.Limit != "3 working_day" || before.Steps[len(before.Steps)-1].Effect != "ends" {
		t.Fatalf("%+v", before)
	}

	x, c := h.publish(addHoliday(vn, before.Due.In(handlers.Zone()).Format("2006-01-02")))
	recounter := handlers.NewRecounter(x, views, slog.New(slog.DiscardHandler))
	for pass, want := range []int{1, 0} {
		head, err := h.journal.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := views.Wait(t.Context(), head, nil); err != nil {
			t.Fatal(err)
		}
		if changed, err := recounter.Pass(t.Context(), c); err != nil || changed != want {
			t.Fatalf("pass %d changed %d dates, want %d: %v", pass+1, changed, want, err)
		}
	}
	head, err := h.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.get("auditor", fmt.Sprintf("/v1/dossiers/%s/deadline?min_position=%d", r.ID, head)).is(http.StatusOK).into(&after)
	if after.Due == nil || !after.Due.After(*before.Due) || after.Version != c.Version {
		t.Errorf("due %v over version %d, was %v; the calendar is at %d", after.Due, after.Version, before.Due, c.Version)
	}
	h.get("auditor", "/v1/calendars/vn?version=1").is(http.StatusOK)
	h.get("auditor", "/v1/calendars/xx").problem(http.StatusNotFound, "no_calendar")
	if b := h.get("auditor", "/v1/calendars/vn").is(http.StatusOK).body; !strings.Contains(string(b), `"name":"flood"`) {
		t.Errorf("the calendar does not show its new day: %s", b)
	}
}
