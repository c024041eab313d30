package projections

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/domain/dossier"
	"dossier/migrations/dbtest"
)

func TestAMigratedRowHasThePlacesThatANewOneWouldHave(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../migrations/088_places.sql")
	if err != nil {
		t.Fatal(err)
	}
	_, function, _ := strings.Cut(string(file), "create function")
	function, _, _ = strings.Cut(function, "\nupdate ")
	conn, err := dbtest.New(t).Owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "create function"+function); err != nil {
		t.Fatal(err)
	}
	for _, s := range []dossier.State{
		{}, {FiledAt: "one-stop", Unit: "one-stop"}, {Unit: "b", Agencies: dossier.Agencies{Support: "z", Competent: "a", Since: time.Now()}},
		{FiledAt: "x-1", Unit: "x:1", Transfers: []dossier.Transfer{{To: "lam-dong"}, {To: "gone", Refused: "not_competent"}}, Opinions: []dossier.Opinion{{Unit: "q"}, {Unit: "q"}}, Works: []dossier.Work{{}, {Unit: "lab"}}},
	} {
		state, _ := json.Marshal(s)
		var got []string
		if err := conn.QueryRow(t.Context(), `select pg_temp.places($1::json)`, string(state)).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(s.Places()) {
			t.Errorf("%s: the migration says %v, the program %v", state, got, s.Places())
		}
	}
}

func TestAListHoldsWhatIsInSightAndCountsNoMore(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	mine := s.submit(func(e *dossier.DossierSubmitted) { e.Unit = "a-1" })
	theirs := s.submit(func(e *dossier.DossierSubmitted) { e.Unit = "b-1" })
	nobodys := s.submit(func(e *dossier.DossierSubmitted) { e.Unit = "" })
	s.addAt(theirs, time.Now().Add(-time.Hour), "", dossier.DossierForwarded{Unit: "b-2"}) // back-dated: folded where the past is asked for
	s.arrive()
	a, b := Sight{Own: []string{"a", "a-1"}, Others: []string{"b", "b-1", "b-2"}}, Sight{Own: []string{"b", "b-1", "b-2"}, Others: []string{"a", "a-1"}}
	later := time.Now().Add(time.Hour)
	for name, then := range map[string]Filter{"now": {}, "by due date": {Sort: SortDue}, "as known": {KnownPosition: s.head()}, "as it was": {At: &later}} {
		for _, test := range []struct {
			sight Sight
			want  int
			has   string
		}{{a, 2, mine.String()}, {b, 2, theirs.String()}, {Sight{}, 3, nobodys.String()}} {
			then.Sight = test.sight
			page := s.list(then)
			if page.Total != test.want || len(page.Rows) != test.want || !strings.Contains(fmt.Sprint(idsOf(page.Rows)), test.has) {
				t.Errorf("%s, %v: %d rows, %d counted, want %d", name, test.sight.Own, len(page.Rows), page.Total, test.want)
			}
			counts, err := s.views.Counts(s.ctx(), then)
			sum := 0
			for _, n := range counts {
				sum += n
			}
			if err != nil || sum != test.want {
				t.Errorf("%s, %v: counts %v, %v", name, test.sight.Own, counts, err)
			}
		}
	}
}

func TestPagesOfWhatIsInSightAreThoseOfAllWithoutTheRest(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	for range 60 {
		unit := []dossier.Code{"", "a-1", "a-2", "b-1", "b-2", "c"}[s.random.IntN(6)]
		id := s.submit(func(e *dossier.DossierSubmitted) { e.Unit = unit })
		if s.random.IntN(2) == 0 {
			s.add(id, dossier.DossierAccepted{ProcedureVersion: 1}, dossier.DossierForwarded{Unit: []dossier.Code{"a-2", "b-2", "c"}[s.random.IntN(3)]})
		}
	}
	s.arrive()
	for _, sight := range []Sight{
		{Own: []string{"a", "a-1", "a-2"}, Others: []string{"b", "b-1", "b-2", "c"}},
		{Own: []string{"c"}, Others: []string{"a", "a-1", "a-2", "b", "b-1", "b-2"}, Alone: true},
		{},
		{Own: []string{"d"}, Others: []string{"a", "a-1", "a-2", "b", "b-1", "b-2", "c"}, Alone: true},
	} {
		for _, f := range []Filter{
			{Sort: SortUpdated}, {Sort: SortUpdated, Status: []dossier.Status{dossier.Submitted, dossier.Forwarded, dossier.Submitted}},
			{Sort: SortDue, Unit: "a-2", Status: []dossier.Status{dossier.Forwarded, dossier.Submitted}}, {Sort: SortDue, Status: []dossier.Status{dossier.Forwarded, dossier.Submitted}},
		} {
			var want, got []uuid.UUID
			for _, r := range s.list(Filter{Sort: f.Sort, Limit: mostRows}).Rows {
				if sight.Sees(&r.State) && f.matches(r.ID, &r.State) {
					want = append(want, r.ID)
				}
			}
			for f.Limit, f.Sight = 3, sight; ; {
				page := s.list(f)
				got = append(got, idsOf(page.Rows)...)
				if page.Total != len(want) {
					t.Errorf("%v of %v by %s: %d counted, want %d", f.Status, sight.Own, f.Sort, page.Total, len(want))
				}
				if f.Cursor = page.Next; f.Cursor == "" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%v of %v by %s: got %v, want %v", f.Status, sight.Own, f.Sort, got, want)
			}
		}
	}
}

func TestAQuietAgencysListDoesNotWalkPastWhatIsNewerAndNotItsOwn(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	for _, unit := range []dossier.Code{"quiet", "busy"} {
		s.submit(func(e *dossier.DossierSubmitted) { e.Unit = unit })
	}
	s.arrive()
	if _, err := s.db.Owner.Exec(s.ctx(), `
		set dossier.projector = 'on';
		insert into views.dossiers_v1
		select (x.d).*
		  from (
		    select jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid(), 'updated_at', d.updated_at + n * interval '1 second')) as d
		      from views.dossiers_v1 d, generate_series(1, 10000) n
		     where d.unit = 'busy' or n <= 2000) x;
		update views.dossiers_v1 set updated_at = updated_at - interval '1 day' where unit = 'quiet';
		analyze views.dossiers_v1`); err != nil {
		t.Fatal(err)
	}
	l, err := s.views.listing(s.ctx(), Filter{Sort: SortUpdated, Limit: 50, Sight: Sight{Own: []string{"quiet"}, Others: []string{"busy"}}}, Stamp{})
	if err != nil {
		t.Fatal(err)
	}
	err = s.views.read(s.ctx(), func(tx pgx.Tx) error {
		rows, err := l.rows(s.ctx(), tx, nil)
		if err != nil {
			return err
		}
		var looked int
		err = tx.QueryRow(s.ctx(), `select idx_tup_fetch + seq_tup_read from pg_stat_xact_user_tables where relid = 'views.dossiers_v1'::regclass`).Scan(&looked)
		if len(rows) != 51 || looked < 51 || looked > 200 {
			t.Errorf("%d rows, looked at %d", len(rows), looked)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whoever could write a place into a set would see what is none of his.
func TestASetOfPlacesThatWasChangedByHandShowsNothing(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	theirs := s.submit(func(e *dossier.DossierSubmitted) { e.Unit = "b-1" })
	s.submit(func(e *dossier.DossierSubmitted) { e.Unit = "a-1" })
	s.arrive()
	a := Filter{Sight: Sight{Own: []string{"a", "a-1"}, Others: []string{"b", "b-1"}}}
	if _, err := s.db.Owner.Exec(s.ctx(), `update views.place_sets set places = places || '{a}' where id = (select place_set from views.dossiers_v1 where id = $1)`, theirs); err != nil {
		t.Fatal(err)
	}
	if page, err := NewViews(s.db.App, s.journal).List(s.ctx(), a); err == nil || !strings.Contains(err.Error(), "changed by hand") {
		t.Errorf("%d rows, %v", len(page.Rows), err)
	}
}

// A set that came with a transaction that was taken back is told again with the next.
func TestASetIsForgottenWithTheTransactionThatBroughtIt(t *testing.T) {
	t.Parallel()
	s := newShown(t)
	c, err := s.db.Owner.Acquire(s.ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	if _, err := c.Exec(s.ctx(), "create table flown (id int)"); err != nil {
		t.Fatal(err)
	}
	known := func() (n int) {
		t.Helper()
		if err := c.QueryRow(s.ctx(), `select count(*) from views.place_sets`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var f flight
	fly := func(also string) error {
		f.board(c.Conn())
		f.rows.empty()
		f.rows.met(placeSet("x y"), "x y")
		f.send(s.ctx(), dossiersTable)
		if also != "" {
			f.exec(s.ctx(), also)
		}
		return f.land(s.ctx())
	}
	if err := fly("insert into flown values (1/0)"); err == nil || known() != 0 {
		t.Fatalf("%d sets, %v", known(), err)
	}
	tx, err := c.Begin(s.ctx())
	if err != nil {
		t.Fatal(err)
	}
	if err := fly(""); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(s.ctx()); err != nil || known() != 0 {
		t.Fatalf("%d sets, %v", known(), err)
	}
	for range 2 {
		if err := fly(""); err != nil || known() != 1 {
			t.Fatalf("%d sets, %v", known(), err)
		}
	}
	if len(f.said) != 0 {
		t.Errorf("sets %v were said again", f.said)
	}
}
