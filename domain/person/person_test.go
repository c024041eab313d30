package person

import (
	"errors"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/internal/goldentest"

	"pgregory.net/rapid"
)

var stored = map[string]Event{
	"person.registered.v1":           Registered{Citizen, "5f2c1e93d45e7a8a417c6d5e4f3a2b0b"},
	"person.corrected.v1":            Corrected{2, "spelling", "5f2c1e93d45e7a8a417c6d5e4f3a2b0c"},
	"person.personal-data-erased.v1": PersonalDataErased{"12-qd-snn-2026", "data-subject-request", 3, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)},
	"person.mandate-granted.v1":      MandateGranted{1, "ref-8a1b", day("2026-11-26"), ptr(day("2026-12-31")), []dossier.Code{"vet-practice-cert-renew"}, Notarised},
	"person.mandate-ended.v1":        MandateEnded{1, day("2026-12-01"), "ended-by-owner"},
	"person.request-received.v1":     RequestReceived{1, Copy, monday, monday.AddDate(0, 0, 15), true},
	"person.request-answered.v1":     RequestAnswered{1, RefusedAnswer, "luat-91-2025.14", true},
	"person.request-extended.v1":     RequestExtended{1, monday.AddDate(0, 0, 30), "third-party"},
	"person.request-done.v1":         RequestDone{1, true},
}

var monday = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func ptr[T any](v T) *T { return &v }

func TestStoredFactsAreReadForEver(t *testing.T) {
	goldentest.Events(t, stored, TypeNames(), Encode, Decode, nil)
}

func TestAPersonIsRegisteredOnceCorrectedAndErasedOnceAndThenNothing(t *testing.T) {
	registered, corrected, erased := stored["person.registered.v1"], stored["person.corrected.v1"], stored["person.personal-data-erased.v1"]
	none := Person{}
	known := Evolve(none, registered)
	gone := Evolve(known, erased)
	for _, c := range []struct {
		name string
		p    Person
		e    Event
		may  bool
	}{
		{"register", none, registered, true}, {"correct nobody", none, corrected, false}, {"erase words of somebody unregistered", none, erased, true},
		{"register twice", known, registered, false}, {"correct", known, corrected, true}, {"erase", known, erased, true},
		{"register again", gone, registered, false}, {"correct the erased", gone, corrected, false}, {"erase twice", gone, erased, false},
	} {
		if err := c.p.May(c.e); (err == nil) != c.may {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if p := Evolve(known, corrected); p.Version != 2 || p.Kind != Citizen {
		t.Errorf("%+v", p)
	}
}

func TestAMandateHoldsFromItsFirstDayToItsLastForItsProceduresAndForNobodyElse(t *testing.T) {
	p := Evolve(Evolve(Person{}, stored["person.registered.v1"]), stored["person.mandate-granted.v1"])
	ended := Evolve(p, stored["person.mandate-ended.v1"])
	for _, c := range []struct {
		p                  Person
		to, procedure, day string
		code               string
	}{
		{p, "ref-8a1b", "vet-practice-cert-renew", "2026-11-26", ""},
		{p, "ref-8a1b", "vet-practice-cert-renew", "2026-12-31", ""},
		{p, "ref-8a1b", "vet-practice-cert-renew", "2026-11-25", "mandate_expired"},
		{p, "ref-8a1b", "vet-practice-cert-renew", "2027-01-01", "mandate_expired"},
		{p, "ref-8a1b", "mother-tree-recognition", "2026-11-26", MandateMissing},
		{p, "ref-1", "vet-practice-cert-renew", "2026-11-26", MandateMissing},
		{ended, "ref-8a1b", "vet-practice-cert-renew", "2026-11-30", ""},
		{ended, "ref-8a1b", "vet-practice-cert-renew", "2026-12-01", "mandate_expired"},
	} {
		m, err := c.p.Mandated(c.to, c.procedure, day(c.day))
		var refused *domain.Refusal
		if c.code == "" && (err != nil || m.Number != 1) || c.code != "" && (!errors.As(err, &refused) || refused.Code != c.code) {
			t.Errorf("%s for %s on %s: %v, %v, want %q", c.to, c.procedure, c.day, m, err, c.code)
		}
	}
}

// Whatever is tried in whatever order, what May lets pass keeps the numbers in order, at most one request of a kind open, and every request
// answered before it is done.
func TestLawRequestsAndMandatesStayInOrderWhateverIsTried(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Evolve(Person{}, stored["person.registered.v1"])
		for range rapid.IntRange(0, 40).Draw(t, "acts") {
			n := rapid.IntRange(0, 4).Draw(t, "number")
			e := rapid.SampledFrom([]Event{
				MandateGranted{Number: len(p.Mandates) + 1, To: "ref-8a1b", From: day("2026-11-26"), Evidence: Own}, MandateEnded{n, day("2026-12-01"), "x"},
				RequestReceived{Number: len(p.Requests) + 1, Wish: rapid.SampledFrom(Wishes()).Draw(t, "wish")}, RequestAnswered{Number: n, Answer: GrantedAnswer},
				RequestAnswered{Number: n, Answer: RefusedAnswer, Basis: "luat-91-2025.14"}, RequestAnswered{Number: n, Answer: RefusedAnswer}, RequestExtended{Number: n, Reason: "x"}, RequestDone{Number: n},
			}).Draw(t, "event")
			if p.May(e) == nil {
				p = Evolve(p, e)
			}
		}
		open := map[Wish]int{}
		for i, r := range p.Requests {
			if r.Number != i+1 || r.Done && r.Answer != GrantedAnswer || r.Answer == RefusedAnswer && r.Basis == "" {
				t.Fatalf("%+v", r)
			}
			if r.Open() {
				open[r.Wish]++
			}
		}
		for wish, n := range open {
			if n > 1 {
				t.Fatalf("%d requests for %s are open", n, wish)
			}
		}
		for i, m := range p.Mandates {
			if m.Number != i+1 {
				t.Fatalf("%+v", m)
			}
		}
	})
}

func TestAWishIsOverdueOnceItsNextTimeHasPassed(t *testing.T) {
	r := Request{RequestReceived: RequestReceived{1, Copy, monday, monday.AddDate(0, 0, 15), true}}
	granted, refused, done := r, r, r
	granted.Answer, refused.Answer = GrantedAnswer, RefusedAnswer
	done.Answer, done.Done = GrantedAnswer, true
	for _, c := range []struct {
		r    Request
		at   time.Time
		over bool
	}{
		{r, monday, false}, {r, monday.Add(1), true}, {granted, monday.Add(1), false}, {granted, monday.AddDate(0, 0, 15), false},
		{granted, monday.AddDate(0, 0, 15).Add(1), true}, {refused, monday.AddDate(1, 0, 0), false}, {done, monday.AddDate(1, 0, 0), false},
	} {
		if c.r.Overdue(c.at) != c.over {
			t.Errorf("%+v at %v: overdue %v", c.r, c.at, !c.over)
		}
	}
}
