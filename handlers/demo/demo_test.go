package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/migrations"
	"dossier/migrations/dbtest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("dossier/internal/devstack.(*child).run")) // the Postgres of the whole run
}

var today = time.Date(2026, 11, 23, 15, 20, 0, 0, zone)

func plotted(t *testing.T, now time.Time, n int) []story {
	t.Helper()
	stories, err := plot(now, n)
	if err != nil {
		t.Fatal(err)
	}
	return stories
}

func TestEveryStoryKeepsTheRulesAndAllStatesAreThere(t *testing.T) {
	t.Parallel()
	states := map[dossier.Status]int{}
	stories := plotted(t, today, 300)
	for _, s := range stories {
		if _, err := s.reaches(dossier.None); err != nil {
			t.Fatal(err)
		}
		states[s.end(t)]++
	}
	for _, want := range dossier.Statuses() {
		if states[want] == 0 && want != dossier.Disposed { // no record of 18 months is old enough
			t.Errorf("no dossier is %s: %v", want, states)
		}
	}
	if finished := states[dossier.Returned] + states[dossier.Resolved] + states[dossier.ReceptionRefusedStatus]; finished*10 < len(stories)*7 {
		t.Errorf("only %d of %d are finished", finished, len(stories))
	}
	t.Logf("%d acts: %v", len(inOrder(stories)), states)
}

// end is the state in which a story stops.
func (s *story) end(t *testing.T) dossier.Status {
	t.Helper()
	for _, status := range dossier.Statuses() {
		if at, err := s.reaches(status); err != nil {
			t.Fatal(err)
		} else if at == len(s.acts)-1 {
			return status
		}
	}
	t.Fatalf("story %d ends nowhere", s.number)
	return dossier.None
}

func TestTheHistoryIsBelievable(t *testing.T) {
	t.Parallel()
	stories := plotted(t, today, 300)
	kinds, late, online, perProcedure := map[string]int{}, 0, map[bool][2]int{}, map[string]int{}
	months := map[string]int{}
	for _, s := range stories {
		first := s.acts[0]
		months[first.entered.In(zone).Format("2006-01")]++
		perProcedure[s.procedure.ID]++
		recent := first.entered.After(today.AddDate(0, -9, 0))
		count := online[recent]
		count[0]++
		if first.command.(dossier.SubmitDossier).Channel == dossier.Online {
			count[1]++
		}
		online[recent] = count
		for i, a := range s.acts {
			kinds[dossier.Kebab(a.command.Name())]++
			if a.by.Role != domain.Applicant && (closed(a.entered) || !open(a.entered).Equal(a.entered)) {
				t.Errorf("story %d: %s at %s, when the office is closed", s.number, a.command.Name(), a.entered)
			}
			if i > 0 && a.entered.Before(s.acts[i-1].entered) {
				t.Errorf("story %d: act %d comes before the one it follows", s.number, i+1)
			}
			if !a.happened.IsZero() {
				late++
			}
		}
	}
	if len(months) < 18 || late < 5 || len(perProcedure) < 20 || kinds["request-supplement"] < 20 || kinds["request-opinion"] < 20 || kinds["refuse-reception"] < 5 {
		t.Errorf("months %v, %d late, %d procedures, %v", months, late, len(perProcedure), kinds)
	}
	before, now := online[false], online[true]
	if before[1]*now[0] >= now[1]*before[0] {
		t.Errorf("the share of online dossiers does not rise: %v then %v", before, now)
	}
	if top := slices.Max(valuesOf(perProcedure)); top < 20 {
		t.Errorf("no procedure stands out: %v", perProcedure)
	}
}

func valuesOf(m map[string]int) (all []int) {
	for _, n := range m {
		all = append(all, n)
	}
	return all
}

func TestTheDemoFitsEveryHourAndEveryNumber(t *testing.T) {
	t.Parallel()
	for _, now := range []time.Time{
		today, time.Date(2027, 1, 1, 3, 0, 0, 0, zone), time.Date(2026, 11, 22, 12, 0, 0, 0, zone), time.Date(2028, 2, 29, 23, 59, 0, 0, zone),
	} {
		for _, n := range []int{1, 5, 40} {
			for _, turn := range inOrder(plotted(t, now, n)) {
				if turn.entered.After(now) {
					t.Fatalf("%s: an act at %s", now, turn.entered)
				}
			}
		}
	}
	for day := range 40 {
		now := time.Date(2027, 4, 20+9*day, day%24, 0, 0, 0, time.UTC)
		for _, s := range plotted(t, now, 80) {
			if _, err := s.reaches(dossier.None); err != nil {
				t.Fatalf("%s: %v", now, err)
			}
		}
	}
}

// world is a journal under a simulated clock.
func world(t *testing.T) (*eventstore.Journal, *Clock) {
	t.Helper()
	db := dbtest.New(t)
	if err := migrations.Simulated(t.Context(), db.OwnerURL); err != nil {
		t.Fatal(err)
	}
	clock := NewClock(today)
	j, err := eventstore.Open(t.Context(), db.App, eventstore.Options{Simulated: clock.Now, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j, clock
}

func history(t *testing.T, j *eventstore.Journal) []eventstore.Event {
	t.Helper()
	var all []eventstore.Event
	for after := int64(0); ; after = all[len(all)-1].Position {
		page, err := j.Page(context.Background(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); len(page) == 0 {
			return all
		}
	}
}

func told(events []eventstore.Event) (lines []string) {
	for _, e := range events {
		lines = append(lines, fmt.Sprintf("%d %s %d %s %s %s %s", e.Position, e.StreamID, e.Version, e.Type, e.OccurredAt.UTC(), e.RecordedAt.UTC(), e.Data))
	}
	return lines
}

func TestSeedingTellsTheSameHistoryOnceAndOnTime(t *testing.T) {
	t.Parallel()
	var runs [2][]eventstore.Event
	for i := range runs {
		j, clock := world(t)
		began := time.Now()
		if err := Seed(t.Context(), j, clock, 60, nil); err != nil {
			t.Fatal(err)
		}
		t.Logf("60 dossiers in %s", time.Since(began).Round(time.Millisecond))
		runs[i] = history(t, j)
		if err := Seed(t.Context(), j, clock, 60, nil); err != nil || len(history(t, j)) != len(runs[i]) {
			t.Fatalf("a second run: %v, %d events", err, len(history(t, j)))
		}
		if diff, err := j.Verify(t.Context(), nil); err != nil || diff != nil {
			t.Fatalf("%v %v", diff, err)
		}
		if clock.Now().After(today) {
			t.Errorf("the clock went on to %s", clock.Now())
		}
	}
	if diff := cmp.Diff(told(runs[0]), told(runs[1])); diff != "" {
		t.Error(diff)
	}
	first, last := runs[0][0].RecordedAt, runs[0][len(runs[0])-1].RecordedAt
	if first.Before(today.AddDate(0, -18, -3)) || first.After(today.AddDate(0, -16, 0)) || last.Before(today.AddDate(0, 0, -4)) || last.After(today) {
		t.Errorf("from %s to %s", first, last)
	}
	backdated := 0
	codes := map[dossier.DossierCode]bool{}
	for _, e := range runs[0] {
		if event, err := dossier.Decode(e.Type, e.TypeVersion, e.Data); e.Type == "dossier.submitted" {
			code := event.(dossier.DossierSubmitted).Code
			if err != nil || codes[code] || !strings.Contains(string(code), "-"+e.OccurredAt.In(zone).Format("060102")+"-") {
				t.Errorf("a dossier of %s has the code %q, %v", e.OccurredAt, code, err)
			}
			codes[code] = true
		}
		meta, err := domain.DecodeMeta(e.Meta)
		if err != nil || meta.Origin != domain.Demo {
			t.Fatalf("%v: origin %q", err, meta.Origin)
		}
		if e.RecordedAt.Sub(e.OccurredAt) > 5*time.Minute {
			backdated++
			if meta.LateReason == "" {
				t.Errorf("position %d is late without a reason", e.Position)
			}
		} else if !e.RecordedAt.Equal(e.OccurredAt) {
			t.Errorf("position %d: occurred %s, recorded %s", e.Position, e.OccurredAt, e.RecordedAt)
		}
	}
	if backdated == 0 {
		t.Error("nothing was entered later than it happened")
	}
}

func TestADemoLoginFindsItsOwnDossiers(t *testing.T) {
	t.Parallel()
	own := map[string]int{}
	for _, s := range plotted(t, today, 300) {
		own[string(s.acts[0].command.(dossier.SubmitDossier).Applicant)]++
	}
	for _, a := range handlers.NewDevLogin().Accounts() {
		if a.Role == domain.Applicant && !strings.HasPrefix(a.Account, "sandbox-") && own[a.Account] < 3 {
			t.Errorf("%s has %d dossiers", a.Account, own[a.Account])
		}
	}
}

// Whoever opens the demo finds every kind of work that procedures prescribe, also what only some dossiers need.
func TestTheDemoPlaysInspectionsLaboratoriesCouncilsAndWhatFollowsFromFacts(t *testing.T) {
	t.Parallel()
	played, facts, asked := map[procedure.StepKind]int{}, 0, 0
	for _, s := range plotted(t, today, 300) {
		for _, a := range s.acts {
			switch c := a.command.(type) {
			case dossier.SubmitDossier:
				facts += len(c.Facts)
			case dossier.RequestOpinion:
				if slices.ContainsFunc(s.procedure.Flow.Steps, func(w procedure.WorkStep) bool { return w.When != "" && w.Unit == string(c.Unit) }) {
					asked++
				}
			case dossier.BeginWork:
				for _, w := range s.procedure.Flow.Steps {
					if w.Code == string(c.Step) {
						played[w.Kind]++
					}
				}
			}
		}
	}
	for _, kind := range []procedure.StepKind{procedure.DeskCheck, procedure.Inspection, procedure.Laboratory, procedure.Council, procedure.Publication} {
		if played[kind] == 0 {
			t.Errorf("no %s in the demo: %v", kind, played)
		}
	}
	if facts == 0 || asked == 0 {
		t.Errorf("%d facts were filed, %d units were asked because of them", facts, asked)
	}
}
