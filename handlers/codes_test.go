package handlers_test

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/code"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
)

// numbering is another executor over the journal, with rules of its own.
func (d *desk) numbering(rules string, now func() time.Time) *desk {
	d.t.Helper()
	codes, err := code.ParseRules(rules)
	if err != nil {
		d.t.Fatal(err)
	}
	other := *d
	other.Executor = handlers.NewExecutor(d.journal, handlers.ExecutorOptions{CommandKey: []byte("test"), Codes: codes, Now: now})
	return &other
}

func (d *desk) code(id fmt.Stringer, r handlers.Receipt) string {
	d.t.Helper()
	if r.Code == nil {
		d.t.Fatalf("%s has no code", id)
	}
	return *r.Code
}

func TestASubmittedDossierHasItsCodeAndKeepsIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	submitted, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("{}"), filing)
	if err != nil {
		t.Fatal(err)
	}
	first := d.code(submitted.ID, submitted)
	today := calendar.DateOf(time.Now(), handlers.Zone()).String()
	if !regexp.MustCompile(`^000\.00\.00\.H00-\d{6}-0001$`).MatchString(first) || first[14:20] != today[2:4]+today[5:7]+today[8:] {
		t.Errorf("the first code of %s is %s", today, first)
	}
	for _, c := range []dossier.Command{dossier.AcceptDossier{}, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth}} {
		if r := d.done("reception", submitted.ID, c); d.code(r.ID, r) != first {
			t.Errorf("%s makes the code %s", c.Name(), *r.Code)
		}
	}
	s, facts, err := d.AsOf(t.Context(), submitted.ID, handlers.Asked{})
	if err != nil || s.Code != first || s.ExternalCode != "" {
		t.Errorf("the state has %q and %q, %v", s.Code, s.ExternalCode, err)
	}
	if e := facts[0].Event.(dossier.DossierSubmitted); string(e.Code) != first {
		t.Errorf("the submission says %q", e.Code)
	}
	if e := facts[1].Event.(dossier.DossierAccepted); e.Code != "" {
		t.Errorf("the acceptance says the code again: %q", e.Code)
	}
}

func TestASubmissionThatIsRepeatedHasTheSameCode(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	e := d.envelope("{}")
	var mu sync.Mutex
	codes := map[string]int{}
	var wg sync.WaitGroup
	for range 8 {
		other := d.numbering("", nil) // as another process would
		wg.Go(func() {
			for range 3 {
				r, err := other.Submit(context.Background(), d.as("applicant-1"), e, filing)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				codes[*r.Code]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(codes) != 1 {
		t.Errorf("one dossier has the codes %v", codes)
	}
	next := d.submitted()
	s, _, err := d.AsOf(t.Context(), next, handlers.Asked{})
	if err != nil || codes[s.Code] != 0 {
		t.Errorf("the next dossier has %s too, %v", s.Code, err)
	}
}

func TestManyProcessesNumberTheirDossiersApart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var mu sync.Mutex
	of := map[string]string{}
	var wg sync.WaitGroup
	for p := range 4 {
		other := d.numbering("*=H15 circular-01-2018", nil)
		for n := range 10 {
			wg.Go(func() {
				r, err := other.Submit(context.Background(), d.as("applicant-1"), handlers.Envelope{Key: fmt.Sprint(p, "-", n), Body: []byte("{}")}, filing)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				if before, taken := of[*r.Code]; taken {
					t.Errorf("%s is the code of %s and %s", *r.Code, before, r.ID)
				}
				of[*r.Code] = r.ID.String()
			})
		}
	}
	wg.Wait()
}

func TestAUnitMayNumberItsOwnWayAndAtAcceptance(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	night := time.Date(2026, 11, 24, 17, 30, 0, 0, time.UTC) // half past midnight of the 25th in Vietnam
	w := d.numbering("*=000.00.01.H22 circular-01-2018; one-stop=H15.50 {agency}/{yyyy}{mm}{dd}/{number:3} at-acceptance", func() time.Time { return night })
	counter := dossier.SubmitDossier{Procedure: openProcedure, Channel: dossier.Counter, Applicant: "applicant-1", Unit: handlers.UnitOneStop}
	r, err := w.Submit(t.Context(), w.as("reception"), w.envelope("{}"), counter)
	if err != nil || r.Code != nil {
		t.Fatalf("before it is accepted it has the code %v, %v", r.Code, err)
	}
	accepted := w.done("reception", r.ID, dossier.AcceptDossier{})
	if got := w.code(r.ID, accepted); got != "H15.50/20261125/001" {
		t.Errorf("accepted as %s", got)
	}
	s, _, err := w.AsOf(t.Context(), r.ID, handlers.Asked{})
	if err != nil {
		t.Fatal(err)
	}
	var seen []dossier.Code
	if u, can := s.Undoable(); can {
		for _, c := range u.Consequences {
			seen = append(seen, dossier.Code(c))
		}
	}
	w.done("reception", r.ID, dossier.UndoAct{Act: "accept", Reason: "wrong_content", Seen: seen})
	if again := w.done("reception", r.ID, dossier.AcceptDossier{}); w.code(r.ID, again) != "H15.50/20261125/001" {
		t.Errorf("accepted again as %s", *again.Code)
	}
	online, err := w.Submit(t.Context(), w.as("applicant-1"), w.envelope("{}"), filing)
	if err != nil || w.code(online.ID, online) != "000.00.01.H22-261125-0001" {
		t.Errorf("filed online as %v, %v", online.Code, err)
	}
}

func TestARefusedSubmissionTakesNoNumberAndAnImportNone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	closed := filing
	closed.Procedure = "nowhere"
	if _, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("{}"), closed); err == nil {
		t.Fatal("a procedure that nobody knows is filed for")
	}
	imported, err := d.Import(t.Context(), domain.Actor{Account: "import", Role: domain.System}, eventstore.StreamIDFor(handlers.Kind, "import", "1"), "import-1", []byte("{}"), func(dossier.State) ([]handlers.Decided, error) {
		return []handlers.Decided{{OccurredAt: time.Date(2011, 10, 11, 0, 0, 0, 0, time.UTC), Event: dossier.DossierSubmitted{
			Procedure: "ext:x", ProcedureVersion: 1, Channel: dossier.Counter, Applicant: "ext:anon", ExternalCode: "case-10011"}}}, nil
	})
	if err != nil || d.code(imported.ID, imported) != "case-10011" {
		t.Fatalf("imported as %v, %v", imported.Code, err)
	}
	if code, err := d.journal.TakeCode(t.Context(), eventstore.CodeSeries{Agency: "000.00.00.H00", Day: calendar.DateOf(time.Now(), handlers.Zone()).String(), Width: 1}); err != nil || code != "1" {
		t.Errorf("the first number of the day is %s, %v", code, err)
	}
}
