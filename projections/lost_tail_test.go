package projections

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// loseTail does to the database what a failover to a late replica does: nothing after a position was ever there.
func (s *stack) loseTail(after int64) {
	s.Helper()
	conn, err := s.db.Owner.Acquire(s.ctx())
	if err != nil {
		s.Fatal(err)
	}
	defer conn.Release()
	for _, sql := range []string{
		`set session_replication_role = replica`,
		`delete from journal.events where position > $1`,
		`delete from views.checkpoints where position > $1`,
		`reset session_replication_role`,
	} {
		args := []any{after}
		if sql[0] != 'd' {
			args = nil
		}
		if _, err := conn.Exec(s.ctx(), sql, args...); err != nil {
			s.Fatal(err)
		}
	}
	s.ids, s.version = nil, map[uuid.UUID]int64{}
}

func TestALostTailThatKafkaStillTellsMovesNoLaneBeyondTheJournal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	id := s.submit()
	e := s.idle(Options{})
	head := s.head()
	for range 3 {
		s.happen(id)
	}
	messages := s.messages()
	s.loseTail(head)
	last := messages[len(messages)-1:] // it names a previous position that is not in: a gap
	e.persist(s.ctx(), "test", func(ctx context.Context) error { return e.deliver(ctx, slices.Clone(last)) })
	if n := count(s, `select coalesce(max(position), 0) from views.checkpoints`); int64(n) > head {
		t.Errorf("a lane stands at %d, the journal at %d: what comes there would be skipped", n, head)
	}
}

func TestAnEngineThatRemembersMoreThanTheDatabaseReadsAgain(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(20)
	e := s.idle(Options{NoKafka: true})
	if err := e.tend(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.loseTail(0)
	s.exec(`truncate views.dossiers_v1, views.dossier_versions_v1, views.history_v1`)
	s.live(5) // fewer than were lost
	if err := e.tend(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.holds()
}
