package projections

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

func TestAnEventNobodyKnowsParksOnlyItsStream(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	bad, good := s.submit(), s.submit()
	s.add(bad, dossier.DossierAccepted{ProcedureVersion: 1})
	at := s.poison(bad)
	s.add(bad, dossier.AppraisalStarted{})
	s.add(good, dossier.DossierAccepted{ProcedureVersion: 1})
	e, _ := s.start(Options{NoKafka: true})
	s.arrive()

	row, _, err := s.views.Get(s.ctx(), bad)
	if err != nil || row.State.Version != 2 || !row.Stale {
		t.Errorf("parked dossier: version %d, stale %v, %v; want 2, true", row.State.Version, row.Stale, err)
	}
	row, _, err = s.views.Get(s.ctx(), good)
	if err != nil || row.State.Version != 2 || row.Stale {
		t.Errorf("other dossier: version %d, stale %v, %v; want 2, false", row.State.Version, row.Stale, err)
	}
	if n := count(s, `select count(*) from views.parked where stream_id = $1 and position = $2`, bad, at); n != len(Live()) {
		t.Errorf("%d projections parked it at %d, want %d", n, at, len(Live()))
	}
	s.eventually("a red status", func() bool {
		st := e.Status()
		return !st.Healthy() && st.Projections[0].Parked == 1 && st.Counters.Parked == int64(len(Live()))
	})
	stamp, err := s.views.Stamp(s.ctx())
	if err != nil || stamp.Parked != 1 || stamp.Position != s.head() {
		t.Errorf("stamp %+v, %v", stamp, err)
	}
	report, err := Verify(s.ctx(), s.db.App, s.journal, nil)
	if err != nil || report.Difference != nil || report.Parked != 1 {
		t.Errorf("verify %+v, %v: parked rows are compared up to where they stopped", report, err)
	}
	s.eventually("tried again", func() bool { return count(s, `select min(attempts) from views.parked`) > 2 })
}

// cursed lets the database refuse the rows of a stream in the history, and nowhere else.
func (s *stack) cursed(id uuid.UUID) (lift func()) {
	s.exec(`
		create or replace function public.refuse() returns trigger language plpgsql as $$
		begin
		  if new.id = '` + id.String() + `' and new.version >= 2 then
		    raise exception 'cursed';
		  end if;
		  return new;
		end $$`)
	s.exec(`create trigger cursed before insert on views.history_v1 for each row execute function public.refuse()`)
	return func() { s.exec(`drop trigger cursed on views.history_v1`) }
}

func TestAStreamThatTheDatabaseRefusesIsFoundAmongManyAndHealsWhenTheCauseIsGone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(80)
	bad := s.ids[s.random.IntN(len(s.ids))]
	s.add(bad, dossier.DossierAccepted{ProcedureVersion: 1})
	lift := s.cursed(bad)
	e, _ := s.start(Options{NoKafka: true})
	s.arrive()
	if n := count(s, `select count(*) from views.parked where projection = 'history_v1' and stream_id = $1`, bad); n != 1 {
		t.Fatalf("parked %d times, want once, for the history alone", n)
	}
	if n := count(s, `select count(*) from views.parked`); n != 1 {
		t.Errorf("%d streams parked, want 1", n)
	}
	s.live(40)
	s.add(bad, dossier.AppraisalStarted{}) // left out of the history, shown by the others
	s.arrive()
	if n := count(s, `select max(version) from views.dossiers_v1 where id = $1`, bad); int64(n) != s.version[bad] {
		t.Errorf("the status view stands at version %d, want %d", n, s.version[bad])
	}
	lift()
	s.eventually("resumed", func() bool { return e.Status().Counters.Resumed == 1 })
	s.live(20)
	s.add(bad, dossier.SubmittedForApproval{Proposal: dossier.Grant})
	s.arrive()
	s.holds()
	s.eventually("green", func() bool { return e.Status().Healthy() })
}

func TestAStreamParkedByOneProcessIsLeftOutAndTakenUpAgainByAnother(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	bad := s.submit()
	lift := s.cursed(bad)
	a, b := s.idle(Options{}), s.idle(Options{})
	s.add(bad, dossier.DossierAccepted{ProcedureVersion: 1})
	follow := func(e *Engine) { e.persist(s.ctx(), "test", e.followJournal) }
	follow(a) // parks
	s.add(bad, dossier.AppraisalStarted{})
	follow(b) // loses the move, learns of the parked stream, leaves the event out
	if b.Status().Counters.Lost == 0 {
		t.Error("b did not lose a move")
	}
	lift()
	s.exec(`update views.parked set retry_at = now()`)
	if err := b.resume(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.add(bad, dossier.SubmittedForApproval{Proposal: dossier.Grant})
	follow(a) // still believes that the stream is parked; must not leave the event out
	s.holds()
	if n := count(s, `select count(*) from views.parked`); n != 0 {
		t.Errorf("%d parked, want none", n)
	}
}

func TestErrorsThatAreNoEventsFaultNeverPark(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]struct{ before, after string }{
		"the database is read-only": {`alter role dossier_app in database {db} set default_transaction_read_only = on`, `alter role dossier_app in database {db} reset all`},
		"a table is not ours":       {`revoke insert on views.history_v1 from dossier_app`, `grant insert on views.history_v1 to dossier_app`},
		"a table is missing":        {`alter table views.history_v1 rename to hidden`, `alter table views.hidden rename to history_v1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			s.live(10)
			in := func(sql string) string { return strings.ReplaceAll(sql, "{db}", s.db.Name) }
			s.exec(in(breaks.before))
			s.db.App.Reset()
			e, _ := s.start(Options{NoKafka: true})
			s.eventually("trouble", func() bool { return e.Status().Err != "" && e.Status().Counters.Retried > 1 })
			s.exec(in(breaks.after))
			s.db.App.Reset()
			s.arrive()
			s.holds()
			if p := e.Status().Counters.Parked; p != 0 {
				t.Errorf("%d parked", p)
			}
		})
	}
}

func TestConnectionsKilledAllTheTimeLoseNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(50)
	e := s.idle(Options{Batch: 5})
	messages := s.messages()
	for round := 0; len(messages) > 0; round++ {
		n := min(5, len(messages))
		if round%5 == 1 {
			s.exec(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'dossier_app' and datname = current_database()`)
		}
		e.persist(s.ctx(), "apply", func(ctx context.Context) error { return e.deliver(ctx, slices.Clone(messages[:n])) })
		messages = messages[n:]
	}
	s.holds()
	if e.Status().Counters.Retried == 0 {
		t.Error("no connection was lost")
	}
}

func TestACrashThatLosesTheLastTransactionsIsMadeGoodFromTheJournal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(30)
	e := s.idle(Options{})
	e.persist(s.ctx(), "test", e.followJournal)
	at := e.lowest()
	s.exec(`create table public.timers_before as table views.timers_v1`)
	s.live(30)
	e.persist(s.ctx(), "test", e.followJournal)

	// What Postgres forgets with synchronous_commit off: rows and checkpoints from some point on, together.
	s.exec(`delete from views.checkpoints where position > $1`, at)
	s.exec(`delete from views.history_v1 where position > $1`, at)
	s.exec(`delete from views.dossier_versions_v1 where position > $1`, at)
	s.exec(`delete from views.dossiers_v1 where position > $1`, at)
	s.exec(`truncate views.timers_v1`)
	s.exec(`insert into views.timers_v1 select * from public.timers_before`)
	s.exec(`
		insert into views.dossiers_v1
		select distinct on (id) id, code, version, position, status, outcome, procedure, channel, unit, officer, applicant,
		       coalesce(state->>'origin', ''), submitted_at, due, updated_at, recorded_at, backdated, state
		  from views.dossier_versions_v1
		 order by id, version desc
		    on conflict do nothing`)

	s.live(10)
	e.persist(s.ctx(), "test", e.followJournal)
	s.holds()
	if e.Status().Counters.Lost == 0 {
		t.Error("the engine did not notice that its checkpoints were gone")
	}
}

func TestMessagesOfARefusedGenerationAndBeyondTheJournalAreIgnored(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(20)
	e := s.idle(Options{})
	truth := s.messages()
	ghost := func(d eventstore.Delivered) eventstore.Delivered {
		d.ID, d.Data = uuid.New(), []byte(`{"procedure":"ghost","procedure_version":1,"channel":"post","applicant":"applicant-9"}`)
		return d
	}
	beyond := ghost(truth[len(truth)-1])
	beyond.Prev, beyond.Position, beyond.Version = beyond.Position, beyond.Position+1, beyond.Version+1
	deliver := func(d ...eventstore.Delivered) {
		e.persist(s.ctx(), "test", func(ctx context.Context) error { return e.deliver(ctx, slices.Clone(d)) })
	}
	deliver(append(slices.Clone(truth), beyond)...)
	s.holds()

	s.exec(`insert into journal.generations (number, from_position, reason) values (2, $1, 'test')`, s.head()+1)
	s.live(5)
	again := s.messages()[len(truth):]
	for i := range again {
		deliver(ghost(again[i])) // generation 1 tells of positions that generation 2 tells
	}
	for i := range again {
		again[i].Generation = 2
		deliver(again[i])
	}
	if r := e.Status().Counters.Refused; r == 0 {
		t.Error("nothing was refused")
	}
	s.holds()
}
