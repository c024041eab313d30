package projections

import (
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

func TestWithoutKafkaAFewEventsMoveTheirOwnLanesOnlyAndTheOthersFollow(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(20)
	e := s.idle(Options{NoKafka: true})
	follow := func() { e.persist(s.ctx(), "read the journal", e.followJournal) }
	moves := func() (n int) {
		t.Helper()
		if err := s.db.App.QueryRow(s.ctx(), `select count(*) from views.checkpoints`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	follow()
	s.holds()
	before := moves()
	for range 3 {
		s.add(s.submit(), dossier.DossierAccepted{ProcedureVersion: 1})
		e.lifted = time.Now()
		follow()
	}
	if made := moves() - before; made != 3*len(Live()) {
		t.Errorf("%d moves of three dossiers, want %d", made, 3*len(Live()))
	}
	s.holds()
	e.lifted = time.Now().Add(-idleMost)
	follow()
	if e.lowest() != s.head() {
		t.Errorf("the last lane stands at %d of %d", e.lowest(), s.head())
	}
	s.holds()
}

func TestWithoutKafkaNothingIsTakenForReadOnceTheViewsWereTakenBack(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(20)
	e := s.idle(Options{NoKafka: true})
	e.persist(s.ctx(), "read the journal", e.followJournal)
	e.persist(s.ctx(), "load", e.load)
	if e.read != s.head() {
		t.Fatalf("read up to %d of %d", e.read, s.head())
	}
	s.exec(`delete from views.checkpoints where lane = $1`, eventstore.Lane(s.ids[0]))
	e.persist(s.ctx(), "load", e.load)
	if e.read != 0 {
		t.Errorf("it goes on at %d, though a lane was taken back", e.read)
	}
	s.failOver(0, emptied)
	s.live(5) // fewer than were lost
	e.persist(s.ctx(), "read the journal", e.followJournal)
	s.holds()
}
