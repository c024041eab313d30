package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
)

// shown is a stack whose views hold everything.
func newShown(t *testing.T) *stack {
	t.Helper()
	s := newStack(t)
	s.start(Options{NoKafka: true})
	return s
}

func (s *stack) list(f Filter) Page {
	s.Helper()
	page, err := s.views.List(s.ctx(), f)
	if err != nil {
		s.Fatalf("list %+v: %v", f, err)
	}
	return page
}

func idsOf(rows []Row) []uuid.UUID {
	var ids []uuid.UUID
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestAListIsFilteredByEveryColumn(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	now := time.Now()
	imported := s.submit(func(e *dossier.DossierSubmitted) { e.ExternalCode = "Case-10_011"; e.Channel = dossier.Post })
	accepted := s.submit(func(e *dossier.DossierSubmitted) { e.Applicant = "applicant-7" })
	s.add(accepted, dossier.DossierAccepted{ProcedureVersion: 1}, dossier.DossierForwarded{Unit: "unit-9"}, dossier.OfficerAssigned{Officer: "officer-3"})
	done := s.submit(func(e *dossier.DossierSubmitted) { e.Procedure = "food-safety-cert" })
	s.addAt(done, now, domain.Imported, dossier.OutcomeRecorded{Outcome: dossier.Granted})
	s.arrive()
	for _, c := range []struct {
		name string
		f    Filter
		want []uuid.UUID
	}{
		{"status", Filter{Status: []dossier.Status{dossier.Assigned}}, []uuid.UUID{accepted}},
		{"any of several statuses", Filter{Status: []dossier.Status{dossier.Assigned, dossier.Resolved}}, []uuid.UUID{accepted, done}},
		{"procedure", Filter{Procedure: "food-safety-cert"}, []uuid.UUID{done}},
		{"channel", Filter{Channel: dossier.Post}, []uuid.UUID{imported}},
		{"unit", Filter{Unit: "unit-9"}, []uuid.UUID{accepted}},
		{"officer", Filter{Officer: "officer-3"}, []uuid.UUID{accepted}},
		{"applicant", Filter{Applicant: "applicant-7"}, []uuid.UUID{accepted}},
		{"outcome", Filter{Outcome: dossier.Granted}, []uuid.UUID{done}},
		{"beginning of a code", Filter{Query: " case-10"}, []uuid.UUID{imported}},
		{"a code is no pattern", Filter{Query: "case-10%"}, nil},
		{"an underscore is an underscore", Filter{Query: "case-10_0"}, []uuid.UUID{imported}},
		{"beginning of an id", Filter{Query: accepted.String()[:9]}, []uuid.UUID{accepted}},
		{"procedure by name without accents", Filter{Query: "hanh nghe thu y"}, []uuid.UUID{imported, accepted}},
		{"procedure by name with accents", Filter{Query: "HÀNH NGHỀ"}, []uuid.UUID{imported, accepted}},
		{"all conditions hold together", Filter{Unit: "unit-9", Channel: dossier.Post}, nil},
	} {
		for _, then := range []bool{false, true} {
			if then { // the same question to the past must give the same answer
				c.f.KnownPosition = s.head()
			}
			page := s.list(c.f)
			got, want := idsOf(page.Rows), slices.Clone(c.want)
			slices.SortFunc(got, compareIDs)
			slices.SortFunc(want, compareIDs)
			if !slices.Equal(got, want) || page.Total != len(want) {
				t.Errorf("%s (past %v): got %v of %d, want %v", c.name, then, got, page.Total, want)
			}
		}
	}
	counts, err := s.views.Counts(s.ctx(), Filter{Status: []dossier.Status{dossier.Resolved}})
	if err != nil || counts[dossier.Submitted] != 1 || counts[dossier.Assigned] != 1 || counts[dossier.Resolved] != 1 {
		t.Errorf("counts %v, %v", counts, err)
	}
}

func compareIDs(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) }

func TestPagesOfAListShowEveryDossierOnceInOrder(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	s.live(150)
	s.arrive()
	past := time.Now()
	for _, f := range []Filter{
		{Sort: SortUpdated}, {Sort: SortDue}, {Sort: SortDue, At: &past}, {Sort: SortUpdated, KnownPosition: s.head()},
	} {
		var rows []Row
		f.Limit = 7
		for {
			page := s.list(f)
			if page.Total != len(s.ids) || page.TotalCapped {
				t.Errorf("%s: total %d, want %d", f.Sort, page.Total, len(s.ids))
			}
			rows = append(rows, page.Rows...)
			if f.Cursor = page.Next; f.Cursor == "" {
				break
			}
		}
		ordered := slices.IsSortedFunc(rows, func(a, b Row) int {
			if f.placeOf(a).before(f.placeOf(b)) {
				return -1
			}
			return 1
		})
		seen := idsOf(rows)
		slices.SortFunc(seen, compareIDs)
		if len(slices.Compact(seen)) != len(s.ids) || !ordered {
			t.Errorf("%s past=%v: %d rows of %d, in order: %v", f.Sort, f.past(), len(rows), len(s.ids), ordered)
		}
	}
}

func TestAListAsOfAMomentShowsWhatWasTrueAndKnownThen(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	day := func(n int) time.Time { return time.Now().Truncate(time.Hour).AddDate(0, 0, n) }
	moment := func(n int) *time.Time { d := day(n); return &d }
	early, backdated, late := uuid.New(), uuid.New(), uuid.New()
	submitted := dossier.DossierSubmitted{Procedure: "food-safety-cert", ProcedureVersion: 1, Channel: dossier.Online, Applicant: "applicant-1"}
	s.addAt(early, day(-9), "", submitted)
	s.addAt(early, day(-5), "", dossier.DossierAccepted{ProcedureVersion: 1})
	s.addAt(backdated, day(-9), "", submitted)
	known := s.addAt(backdated, day(-2), "", dossier.DossierAccepted{ProcedureVersion: 1})
	s.addAt(backdated, day(-6), "", dossier.StepRecorded{Code: "desk-check"}) // noted later than it happened
	s.addAt(late, day(-1), "", submitted)
	s.arrive()

	status := func(f Filter) string {
		var all []string
		for _, r := range s.list(f).Rows {
			name := map[uuid.UUID]string{early: "early", backdated: "backdated", late: "late"}[r.ID]
			all = append(all, fmt.Sprintf("%s=%s/%d", name, r.State.Status, r.State.Steps))
		}
		slices.Sort(all)
		return strings.Join(all, " ")
	}
	for _, c := range []struct {
		name string
		f    Filter
		want string
	}{
		{"before all of them", Filter{At: moment(-20)}, ""},
		{"when both were only submitted", Filter{At: moment(-8)}, "backdated=submitted/0 early=submitted/0"},
		{"after the step that was noted late", Filter{At: moment(-4)}, "backdated=submitted/1 early=accepted/0"},
		{"the same time, before the step was known", Filter{At: moment(-4), KnownPosition: known}, "backdated=submitted/0 early=accepted/0"},
		{"today", Filter{At: moment(0)}, "backdated=accepted/1 early=accepted/0 late=submitted/0"},
		{"by status then", Filter{At: moment(-4), Status: []dossier.Status{dossier.Accepted}}, "early=accepted/0"},
		{"known before anything was recorded", Filter{KnownAt: moment(-1)}, ""},
		{"known now", Filter{KnownAt: moment(1)}, "backdated=accepted/1 early=accepted/0 late=submitted/0"},
	} {
		if got := status(c.f); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	counts, err := s.views.Counts(s.ctx(), Filter{At: moment(-4)})
	if err != nil || counts[dossier.Accepted] != 1 || counts[dossier.Submitted] != 1 {
		t.Errorf("counts then %v, %v", counts, err)
	}
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	s.submit()
	s.submit()
	s.arrive()
	next := s.list(Filter{Limit: 1}).Next
	for _, f := range []Filter{
		{Cursor: "%"}, {Cursor: "e30"}, {Cursor: next + "x"}, {Cursor: next, Unit: "unit-1"}, {Cursor: next, Sort: SortDue},
		{Sort: "name"}, {Limit: 501}, {Limit: -1},
	} {
		var invalid *domain.Invalid
		if _, err := s.views.List(s.ctx(), f); !errors.As(err, &invalid) {
			t.Errorf("%+v: %v, want an Invalid", f, err)
		}
	}
}

func TestADossierIsFoundByIDAndByCode(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	id := s.submit(func(e *dossier.DossierSubmitted) { e.ExternalCode = "case-10011" })
	s.arrive()
	for _, text := range []string{id.String(), strings.ToUpper(id.String()), "case-10011", " CASE-10011 "} {
		if got, ok, err := s.views.Find(s.ctx(), text); got != id || !ok || err != nil {
			t.Errorf("find %q: %v %v %v", text, got, ok, err)
		}
	}
	numbered := s.submit(func(e *dossier.DossierSubmitted) { e.Code = "H15.50.05.13-261125-0001" })
	s.arrive()
	for _, text := range []string{"H15.50.05.13-261125-0001", "h15.50.05.13-261125-0001"} {
		if got, ok, err := s.views.Find(s.ctx(), text); got != numbered || !ok || err != nil {
			t.Errorf("find %q: %v %v %v", text, got, ok, err)
		}
	}
	if row, ok, err := s.views.Get(s.ctx(), numbered); err != nil || !ok || row.Code == nil || *row.Code != "H15.50.05.13-261125-0001" {
		t.Errorf("get: %+v %v %v", row, ok, err)
	}
	if page, err := s.views.List(s.ctx(), Filter{Query: "h15.50.05"}); err != nil || len(page.Rows) != 1 || page.Rows[0].ID != numbered {
		t.Errorf("the search finds %+v, %v", page.Rows, err)
	}
	for _, text := range []string{uuid.NewString(), "case-1001", ""} {
		if _, ok, err := s.views.Find(s.ctx(), text); ok || err != nil {
			t.Errorf("find %q: %v %v, want nothing", text, ok, err)
		}
	}
	row, ok, err := s.views.Get(s.ctx(), id)
	if err != nil || !ok || row.Code == nil || *row.Code != "case-10011" || row.State.Status != dossier.Submitted {
		t.Errorf("get: %+v %v %v", row, ok, err)
	}
	if _, ok, err := s.views.Get(s.ctx(), uuid.New()); ok || err != nil {
		t.Errorf("get of nothing: %v %v", ok, err)
	}
}

func TestTheHistorySaysWhoDidWhatWhenAndWhy(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	id := s.submit()
	s.addAt(id, time.Now().Add(-2*time.Hour), "", dossier.ReceptionRefused{Reason: "wrong_agency", Basis: "nd118.17"})
	s.add(id, dossier.StepRecorded{Code: "desk-check", Irregular: dossier.AlreadyTrue})
	s.arrive()
	h, err := s.views.History(s.ctx(), id)
	if err != nil || len(h) != 3 {
		t.Fatalf("history: %d entries, %v", len(h), err)
	}
	refused := h[1]
	if refused.Reason != "wrong_agency" || refused.Basis != "nd118.17" || refused.LateBy < 119*time.Minute || refused.LateBy > 121*time.Minute {
		t.Errorf("refused: %+v", refused)
	}
	if refused.Actor != (domain.Actor{Account: "officer-1", Role: domain.CaseOfficer, Unit: "one-stop"}) || refused.Status != dossier.ReceptionRefusedStatus {
		t.Errorf("who: %+v %s", refused.Actor, refused.Status)
	}
	status := slices.IndexFunc(refused.Changes, func(c dossier.Change) bool { return c.Field == "status" })
	if status < 0 || refused.Changes[status].Old != "submitted" || refused.Changes[status].New != "reception_refused" {
		t.Errorf("changes: %+v", refused.Changes)
	}
	if h[0].LateBy != 0 || h[2].Irregular != string(dossier.AlreadyTrue) {
		t.Errorf("others: %+v", h)
	}
	if h, err := s.views.History(s.ctx(), uuid.New()); len(h) != 0 || err != nil {
		t.Errorf("history of nothing: %v %v", h, err)
	}
}

func TestWaitingForAPositionEndsWhenTheViewsAreThere(t *testing.T) {
	t.Parallel()
	for _, follows := range []bool{true, false} {
		t.Run(fmt.Sprintf("beside the engine: %v", follows), func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			idle := s.submit()
			e, _ := s.start(Options{NoKafka: true})
			if follows {
				s.views.Follow(e)
			}
			for range 20 {
				id := s.submit()
				position := s.head()
				if err := s.views.Wait(s.ctx(), position, &id); err != nil {
					t.Fatal(err)
				}
				if _, ok, err := s.views.Get(s.ctx(), id); !ok || err != nil {
					t.Fatalf("position %d was waited for and is not there: %v", position, err)
				}
			}
			if err := s.views.Wait(s.ctx(), s.head(), &idle); err != nil { // its lane may have nothing up to there
				t.Error(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			var not *NotYetError
			err := s.views.Wait(ctx, s.head()+1, nil)
			if !errors.Is(err, ErrNotYet) || !errors.As(err, &not) || not.At > s.head() {
				t.Errorf("waiting for what never comes: %v", err)
			}
		})
	}
}

func TestAStampIsNotHeldUpByIdleLanes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(10)
	e := s.idle(Options{})
	messages := s.messages()
	last := messages[len(messages)-1]
	deliver := func(n int) {
		e.persist(s.ctx(), "test", func(ctx context.Context) error { return e.deliver(ctx, slices.Clone(messages[:n])) })
	}
	deliver(len(messages) - 1)
	stamp, err := s.views.readStamp(s.ctx())
	if err != nil || stamp.Position != last.Position-1 || stamp.Head != last.Position || stamp.Lag <= 0 {
		t.Errorf("one event is missing: %+v, %v", stamp, err)
	}
	deliver(len(messages))
	stamp, err = s.views.readStamp(s.ctx())
	if err != nil || stamp.Position != last.Position || stamp.Lag != 0 || !stamp.At.Equal(last.RecordedAt) {
		t.Errorf("nothing is missing: %+v, %v", stamp, err)
	}
	all, err := Standing(s.ctx(), s.db.App)
	if err != nil || len(all) != len(Live()) || all[0].Position != last.Position || all[0].Behind != 0 || all[0].MovedAt.IsZero() {
		t.Errorf("standing %+v, %v", all, err)
	}
}
