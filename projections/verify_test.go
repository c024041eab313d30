package projections

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

func TestVerifyNamesTheRowThatDrifted(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(40)
	id := s.ids[0]
	s.happen(id)
	_, stop := s.start(Options{NoKafka: true})
	s.arrive()
	stop()
	stranger := uuid.NewString()
	for _, c := range []struct{ name, sql, table, what, field string }{
		{"a status", `update views.dossiers_v1 set status = 'returned' where id = $1`, "dossiers_v1", "different", "status"},
		{"a state", `update views.dossiers_v1 set state = replace(state::text, 'applicant-', 'applicant-x')::json where id = $1`, "dossiers_v1", "different", "state.applicant"},
		{"a due date", `update views.dossiers_v1 set due = now() where id = $1`, "dossiers_v1", "different", "due"},
		{"a missing dossier", `delete from views.dossiers_v1 where id = $1`, "dossiers_v1", "missing", ""},
		{"a dossier nobody submitted", `insert into views.dossiers_v1 select '` + stranger + `', code, version, position, status, outcome, procedure, channel, unit, officer, applicant, origin, submitted_at, due, updated_at, recorded_at, backdated, state from views.dossiers_v1 where id = $1`, "dossiers_v1", "extra", ""},
		{"a version", `update views.dossier_versions_v1 set unit = 'elsewhere' where id = $1 and version = 1`, "dossier_versions_v1", "different", "unit"},
		{"a missing version", `delete from views.dossier_versions_v1 where id = $1 and version = 1`, "dossier_versions_v1", "missing", ""},
		{"a version too many", `update views.dossier_versions_v1 set id = $1, version = 1000 where (id, version) in (select id, max(version) from views.dossier_versions_v1 where id <> $1 group by id limit 1)`, "dossier_versions_v1", "", ""},
		{"who did it", `update views.history_v1 set account = 'officer-2' where id = $1 and version = 1`, "history_v1", "different", "account"},
		{"when it was true", `update views.history_v1 set occurred_at = occurred_at - interval '1 microsecond' where id = $1 and version = 1`, "history_v1", "different", "occurred_at"},
		{"what changed", `update views.history_v1 set changes = '[]' where id = $1 and version = 1`, "history_v1", "different", "changes"},
		{"when it is due", `update views.timers_v1 set started = started - interval '1 microsecond' where id = $1`, "timers_v1", "different", "started"},
		{"a missing timer", `delete from views.timers_v1 where id = $1`, "timers_v1", "missing", ""},
		{"a missing entry", `delete from views.history_v1 where id = $1 and version = (select max(version) from views.history_v1 where id = $1)`, "history_v1", "missing", ""},
	} {
		s.exec(`create schema backup`)
		for _, table := range []string{"dossiers_v1", "dossier_versions_v1", "history_v1", "timers_v1"} {
			s.exec(`create table backup.` + table + ` as table views.` + table)
		}
		s.exec(c.sql, id)
		report, err := Verify(s.ctx(), s.db.App, s.journal, nil)
		d := report.Difference
		if err != nil || d == nil || d.Projection != c.table || c.what != "" && (d.What != c.what || d.Field != c.field) {
			t.Errorf("%s: %v, %v; want %s %s %s", c.name, d, err, c.table, c.what, c.field)
		} else if !strings.Contains(d.String(), d.Stream.String()) || c.what != "extra" && c.what != "" && d.Stream != id {
			t.Errorf("%s: names the wrong stream: %s", c.name, d)
		}
		for _, table := range []string{"dossiers_v1", "dossier_versions_v1", "history_v1", "timers_v1"} {
			s.exec(`truncate views.` + table)
			s.exec(`insert into views.` + table + ` select * from backup.` + table)
		}
		s.exec(`drop schema backup cascade`)
	}
	s.holds()
}

// Rows that were inserted are, byte for byte, the rows that a rebuild would copy: otherwise every comparison would go the long way.
func TestRowsOfAQuietStackAreComparedByTheirBytesAlone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(200)
	_, stop := s.start(Options{NoKafka: true})
	s.arrive()
	stop()
	c := compareLive(s.views)
	for after := uuid.Nil; after != uuid.Max; {
		d, last, err := c.page(s.ctx(), after, uuid.Max)
		if err != nil || d != nil {
			t.Fatal(d, err)
		}
		after = last
	}
	want := int64(len(s.ids)) + 2*s.head() + int64(count(s, `select count(*) from views.timers_v1`))
	if c.looked > 0 || c.rows != want {
		t.Errorf("%d ranges were compared row by row; %d rows, want %d", c.looked, c.rows, want)
	}
}

func TestVerifyIsNotMisledByWhatHappensMeanwhile(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(30)
	s.start(Options{NoKafka: true, Batch: 3})
	var busy sync.WaitGroup
	done := make(chan struct{})
	busy.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				s.live(1)
			}
		}
	})
	for range 5 {
		report, err := Verify(s.ctx(), s.db.App, s.journal, func(done, total int64) {
			if done > total {
				t.Errorf("progress %d of %d", done, total)
			}
		})
		if err != nil || report.Difference != nil {
			t.Errorf("verify: %v, %v", report.Difference, err)
		}
	}
	close(done)
	busy.Wait()
	s.arrive()
	s.holds()
}
