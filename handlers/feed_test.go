package handlers_test

import (
	"testing"

	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
)

// whole reads a feed to its end.
func whole(t *testing.T, r *handlers.Reader, limit int) (events []eventstore.Delivered) {
	t.Helper()
	for {
		got, more, err := r.Next(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		if events = append(events, got...); !more {
			return events
		}
	}
}

func TestTheFeedIsTheJournalWithItsLanesChained(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.appraised()
	d.appraised()
	r, err := handlers.OpenFeed(t.Context(), d.journal, d.as("auditor"), 0)
	if err != nil {
		t.Fatal(err)
	}
	events := whole(t, r, 5)
	stored, err := d.journal.Page(t.Context(), 0, 100)
	if err != nil || len(events) != len(stored) || r.After() != stored[len(stored)-1].Position {
		t.Fatalf("feed has %d events up to %d, journal %d, %v", len(events), r.After(), len(stored), err)
	}
	last := map[int]int64{}
	for i, e := range events {
		if e.ID != stored[i].ID || e.Prev != last[e.Lane] || e.Generation != 1 {
			t.Errorf("event %d: %s before %d, generation %d; want %s before %d", e.Position, e.ID, e.Prev, e.Generation, stored[i].ID, last[e.Lane])
		}
		last[e.Lane] = e.Position
	}
	middle, err := handlers.OpenFeed(t.Context(), d.journal, d.as("auditor"), 7)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range whole(t, middle, 3) {
		if e.Position != events[7+i].Position || e.Prev != events[7+i].Prev {
			t.Errorf("from the middle: %d after %d, want %d after %d", e.Position, e.Prev, events[7+i].Position, events[7+i].Prev)
		}
	}
}

func TestAnApplicantsFeedWithholdsOthersAndMovesPastThem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mine := d.submitted()
	other, err := d.Submit(t.Context(), d.as("applicant-2"), d.envelope("{}"), dossier.SubmitDossier{Procedure: openProcedure, Channel: dossier.Online, Applicant: "applicant-2"})
	if err != nil {
		t.Fatal(err)
	}
	d.done("reception", mine, dossier.AcceptDossier{})
	d.done("reception", other.ID, dossier.AcceptDossier{})
	r, err := handlers.OpenFeed(t.Context(), d.journal, d.as("applicant-1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	events := whole(t, r, 1)
	if len(events) != 2 || events[0].StreamID != mine || events[1].StreamID != mine || r.After() != 4 {
		t.Errorf("%d events, cursor at %d; want the applicant's own two and the end", len(events), r.After())
	}
	if _, err := handlers.OpenFeed(t.Context(), d.journal, d.as("admin"), 0); refusalCode(err) != handlers.NotAllowed {
		t.Errorf("the system administrator reads the feed: %v", err)
	}
}
