package projections

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"dossier/eventstore"
)

// errMoved says that another process has moved a lane: what was read of the checkpoints is old.
var errMoved = errors.New("another process has moved a lane")

// errBeyond says that an event is not in the journal (any more).
var errBeyond = errors.New("the journal does not have this event")

// settings hold for transactions of rows and checkpoints.
//
// It need not wait for the disk: a crash of Postgres may lose the last of these transactions, but always rows and checkpoints
// together and always from some point on, and a journal row that was seen was flushed before. The projections then stand a
// little earlier, the compare-and-set finds out, and the events come again from the journal. The timeouts keep a process
// that hangs in the middle from holding up all others. Plans do not depend on the values, and planning costs more than running;
// one made while a table was empty must not stay a sequential scan.
// What is written without the last one counts as written by hand (views.touched).
const settings = `
select set_config('synchronous_commit', 'off', false),
       set_config('lock_timeout', '5s', false),
       set_config('idle_in_transaction_session_timeout', '15s', false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('enable_seqscan', 'off', false),
       set_config('jit', 'off', false),
       set_config('dossier.projector', 'on', false)`

// work is one transaction: moves, and for each projection its moments.
type work struct {
	to    lanes
	moves moves
	parts []part
	told  []eventstore.Event // what only Kafka told: the journal must confirm it
	after map[uuid.UUID]folded
}

// part is one projection's share.
type part struct {
	projection Projection
	key        string
	moments    []Moment
	skipped    []uuid.UUID // streams whose events are left out because they are parked
	park       []parking   // streams that are parked with this transaction
}

// apply takes lanes to where `to` says (0: it stays) by these events of the journal, which are all of those lanes after the
// least checkpoint.
func (e *Engine) apply(ctx context.Context, to lanes, events []eventstore.Event) error {
	w, err := e.prepare(ctx, to, events)
	if err != nil {
		return err
	}
	return e.do(ctx, w, len(events))
}

// applyTold is apply for what Kafka told. When the journal does not have it, that is an errBeyond.
func (e *Engine) applyTold(ctx context.Context, to lanes, events []eventstore.Event) error {
	w, err := e.prepare(ctx, to, events)
	if err != nil {
		return err
	}
	w.told = events
	return e.do(ctx, w, len(events))
}

func (e *Engine) do(ctx context.Context, w *work, events int) error {
	if len(w.moves.lane) == 0 {
		return nil
	}
	err := e.write(ctx, w)
	var culprit *culpritError
	if errors.As(err, &culprit) {
		e.o.Log.Warn("projections: an event cannot be applied, looking for it", "error", err, "events", events)
		err = e.isolate(ctx, w)
	}
	if err != nil {
		return err
	}
	e.applied(w, events)
	return nil
}

// prepare folds the events and gives each projection what it has not seen and can follow.
func (e *Engine) prepare(ctx context.Context, to lanes, events []eventstore.Event) (*work, error) {
	w := &work{to: to, moves: e.stand.movesTo(to, e.keys), parts: make([]part, len(e.live))}
	seen := make([]eventstore.Event, 0, len(events))
	for _, ev := range events {
		if ev.StreamKind == dossierKind && !e.parked.everywhere(e.keys, ev.StreamID) {
			seen = append(seen, ev)
		}
	}
	moments, after, failed, err := e.states.moments(ctx, byStream(seen))
	if err != nil {
		return nil, err
	}
	w.after = after
	for i, p := range e.live {
		w.parts[i] = part{projection: p, key: e.keys[i]}
		e.share(&w.parts[i], e.stand.at[i], moments)
		e.leaveOut(&w.parts[i], e.stand.at[i], events, failed)
	}
	return w, nil
}

// share gives a part its moments; all of them in the usual case, without a copy.
func (e *Engine) share(p *part, at lanes, moments []Moment) {
	parked := e.parked[p.key]
	if len(parked) == 0 && at == e.stand.least {
		p.moments = moments
		return
	}
	for _, m := range moments {
		if _, is := parked[m.Event.StreamID]; !is && m.Event.Position > at[m.Event.Lane] {
			p.moments = append(p.moments, m)
		}
	}
}

// leaveOut notes the streams that a part leaves out: parked before, or parked now because an event could not be folded.
func (e *Engine) leaveOut(p *part, at lanes, events []eventstore.Event, failed map[uuid.UUID]failure) {
	parked := e.parked[p.key]
	if len(parked) == 0 && len(failed) == 0 {
		return
	}
	noted := map[uuid.UUID]bool{}
	for _, ev := range events {
		if noted[ev.StreamID] || ev.Position <= at[ev.Lane] {
			continue
		}
		if _, is := parked[ev.StreamID]; is {
			noted[ev.StreamID] = true
			p.skipped = append(p.skipped, ev.StreamID)
		} else if f, is := failed[ev.StreamID]; is && ev.Position >= f.position {
			noted[ev.StreamID] = true
			p.park = append(p.park, parking{ev.StreamID, ev.Lane, ev.Position, f.err})
		}
	}
}

// write does all of it in one flight, one transaction. The server is at the moves while the first rows are written here, and at these
// while the next are.
func (e *Engine) write(ctx context.Context, w *work) error {
	f := &e.flight
	f.board(e.conn)
	w.addMoves(ctx, f)
	for _, p := range w.parts {
		f.depart(ctx)
		if err := p.projection.Apply(ctx, f, p.moments); err != nil {
			f.giveUp(ctx)
			return &culpritError{err}
		}
		p.addParking(ctx, f, e.o.Retry)
	}
	var beside sync.WaitGroup
	beside.Go(func() { e.lookAhead(w.after) })
	err := f.land(ctx)
	beside.Wait()
	return classified(ctx, e.conn, err)
}

// ready makes sure of the engine's own connection, on which settings are made once. What it remembers, and what it reads before it
// writes, belongs to the server behind this one: a failover ends every connection, and then it begins anew.
func (e *Engine) ready(ctx context.Context) error {
	if e.conn != nil && !e.conn.IsClosed() {
		return nil
	}
	c, err := e.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	conn := c.Hijack()
	if _, err := conn.Exec(ctx, settings); err != nil {
		closeConn(ctx, conn)
		return fmt.Errorf("connect: %w", err)
	}
	e.conn = conn
	e.flight.board(conn)
	for _, sql := range []string{moveLanes, stillParked, park, dossiersDelete, registerSets, timersDelete, dossiersTable.copying(), versionsTable.copying(), historyTable.copying(), timersTable.copying()} {
		e.flight.prepared(ctx, sql)
	}
	if err := e.flight.err; err != nil {
		e.disconnect(ctx)
		return fmt.Errorf("prepare statements: %w", err)
	}
	e.states.forget()
	e.read = 0
	return e.load(ctx)
}

func (e *Engine) disconnect(ctx context.Context) {
	if e.conn != nil {
		closeConn(ctx, e.conn)
		e.conn = nil
	}
}

// closeConn does so even when the context has ended.
func closeConn(ctx context.Context, c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.Close(ctx)
}

// transact is for work that must look at an answer before it goes on.
func (e *Engine) transact(ctx context.Context, do func(pgx.Tx) error) error {
	tx, err := e.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit it does nothing
	if err := do(tx); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	e.patient.Reset(e.o.Answer)
	return nil
}

// What a flight may say beside rows.
const (
	moveLanes   = `select views.move_v4($1, $2, $3, $4, $5, $6, $7, $8)`
	stillParked = `select views.still_parked_v1($1, $2)`
)

// addMoves puts the compare-and-set first: a loser should find out before it has done any work. Streams that are left out
// because they are parked must still be parked when this commits, or their events would be lost.
func (w *work) addMoves(ctx context.Context, f *flight) {
	m := w.moves
	positions, ids := inJournal(w.told)
	f.exec(ctx, moveLanes, m.projection, m.lane, m.newest, m.previous, m.position, len(w.told), positions, ids)
	for _, p := range w.parts {
		if len(p.skipped) > 0 {
			f.exec(ctx, stillParked, p.key, p.skipped)
		}
	}
}

// inJournal is where the journal must have which events, as views.move_v4 takes it: as one run when they stand close together.
func inJournal(told []eventstore.Event) (positions []int64, ids pgtype.FlatArray[pgtype.UUID]) {
	if len(told) == 0 {
		return []int64{}, ids
	}
	low, high := told[0].Position, told[0].Position
	for _, ev := range told {
		low, high = min(low, ev.Position), max(high, ev.Position)
	}
	if high-low >= 4*int64(len(told)) {
		for _, ev := range told {
			positions, ids = append(positions, ev.Position), append(ids, pgtype.UUID{Bytes: ev.ID, Valid: true})
		}
		return positions, ids
	}
	ids = make([]pgtype.UUID, high-low+1)
	for i := range ids {
		ids[i].Valid = true
	}
	for _, ev := range told {
		ids[ev.Position-low].Bytes = ev.ID
	}
	return []int64{low}, ids
}

// applied remembers what the committed transaction did.
func (e *Engine) applied(w *work, events int) {
	e.patient.Reset(e.o.Answer)
	e.stand.move(w.to)
	for stream, f := range w.after {
		e.states.put(stream, f)
	}
	e.sweepable.Add(int64(len(w.moves.lane)))
	e.counters.applied.Add(int64(events))
	e.counters.transactions.Add(1)
	for _, p := range w.parts {
		for _, s := range p.park {
			e.parked.add(p.key, s)
			e.counters.parked.Add(1)
			e.o.Log.Error("projections: stream parked, its rows are stale until it can be applied",
				"projection", p.key, "stream", s.stream, "position", s.position, "error", s.err)
		}
	}
	e.announce()
}

// culpritError is an error that some event in the work brings about: it would come again however often it is tried.
type culpritError struct{ err error }

func (e *culpritError) Error() string { return e.err.Error() }
func (e *culpritError) Unwrap() error { return e.err }

// classified says whose fault an error is. Only what Postgres said about the data, on a connection that lives on, is the
// fault of an event. Connection, serialization, deadlock, disk, memory, shutdown, a database that became read-only, a table
// that is missing or not ours: nobody's, try again.
func classified(ctx context.Context, conn *pgx.Conn, err error) error {
	var pg *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pg) && (pg.Code == "DP001" || pg.ConstraintName == "checkpoints_moved_once"):
		return fmt.Errorf("%w: %s", errMoved, pg.Message)
	case errors.As(err, &pg) && pg.Code == "DP002":
		return fmt.Errorf("%w: %s", errBeyond, pg.Message)
	case ctx.Err() != nil, conn.IsClosed():
		return err
	case pg == nil, blames[pg.Code[:2]]:
		return &culpritError{err}
	}
	return err
}

// blames are the classes of SQLSTATE that an event can bring about: cardinality, data, integrity, external routines, a raised
// exception, a limit of the program.
var blames = map[string]bool{"21": true, "22": true, "23": true, "2F": true, "38": true, "39": true, "54": true, "P0": true}
