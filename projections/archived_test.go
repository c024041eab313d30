package projections

import (
	"strings"
	"testing"

	"dossier/eventstore"
)

func TestVerifyReadsWhatWasArchived(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.db.PartitionSize(t, 20)
	dir := t.TempDir()
	j, err := eventstore.Open(s.ctx(), s.db.App, eventstore.Options{Archive: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	s.journal, s.views = j, NewViews(s.db.App, j)
	s.live(60)
	archive := eventstore.NewArchive(s.db.Owner, dir)
	s.exec(`insert into journal.relay_beats (beat, epoch, holder, cursor, expires_at) values (1, 1, 'test', 1000000, now())`)
	if _, err := archive.Detach(s.ctx()); err == nil || !strings.Contains(err.Error(), "no projection has begun") {
		t.Errorf("detached before any projection: %v", err)
	}
	_, stop := s.start(Options{NoKafka: true})
	s.arrive()
	for range 2 {
		if _, err := archive.Detach(s.ctx()); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Drop(s.ctx()); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range s.ids[:5] { // archived whole or in part
		s.happen(id)
	}
	s.arrive()
	stop()
	report, err := Verify(s.ctx(), s.db.App, s.journal, nil)
	if err != nil || report.Difference != nil || report.Streams != int64(len(s.ids)) {
		t.Errorf("verify = %+v, %v; want %d streams", report, err, len(s.ids))
	}
	s.exec(`delete from views.history_v1 where position = 3`)
	if report, err := Verify(s.ctx(), s.db.App, s.journal, nil); err != nil || report.Difference == nil || report.Difference.Position != 3 {
		t.Errorf("a row of an archived event is gone: %+v, %v", report, err)
	}
}
