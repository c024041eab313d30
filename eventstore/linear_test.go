package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

// hostile is clients in several processes that work on the same streams while their sessions are cut.
type hostile struct {
	*testing.T
	db       *dbtest.DB
	journals []*eventstore.Journal
	began    time.Time
	strays   map[uuid.UUID]bool // of unknown outcomes in rounds before: they may still come
	counts   struct{ operations, appended, unknown, conflicts, repeats, failedReads, cut atomic.Int64 }
}

func newHostile(t *testing.T, processes int) *hostile {
	db := dbtest.New(t)
	h := &hostile{T: t, db: db, began: time.Now(), strays: map[uuid.UUID]bool{}}
	for i := range processes {
		h.journals = append(h.journals, open(t, anotherPool(t, db.AppURL), eventstore.Options{MaxBatch: 500 >> (4 * i)}))
	}
	return h
}

func (h *hostile) now() int64 { return int64(time.Since(h.began)) }

// round lets clients do n operations each on fresh streams and returns what they asked and heard.
func (h *hostile) round(ctx context.Context, clients, n int) []op {
	streams := make([]eventstore.Stream, max(4, clients/2))
	for i := range streams {
		streams[i] = newStream()
	}
	all := make([][]op, clients)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			j := h.journals[c%len(h.journals)]
			for range n {
				if o, counts := h.operate(ctx, j, c, streams[rand.IntN(len(streams))]); counts {
					all[c] = append(all[c], o)
				}
			}
		})
	}
	wg.Wait()
	return slices.Concat(all...)
}

// operate does one thing. Reads that failed are no part of the history.
func (h *hostile) operate(ctx context.Context, j *eventstore.Journal, client int, s eventstore.Stream) (o op, counts bool) {
	o = op{asked: asked{stream: s}, client: client, call: h.now()}
	var err error
	switch dice := rand.IntN(10); {
	case dice < 4:
		err = h.append(ctx, j, &o)
	case dice < 7:
		err = h.update(ctx, j, &o)
	case dice < 9:
		err = h.read(ctx, j, &o)
	default:
		o.verb = doHead
		o.last, err = j.Head(ctx)
	}
	o.answer = h.now()
	h.counts.operations.Add(1)
	var conflict *eventstore.ConflictError
	switch {
	case err == nil:
		h.counts.appended.Add(o.effect())
		return o, true
	case o.verb == doRead || o.verb == doHead:
		h.counts.failedReads.Add(1)
		return o, false
	case errors.As(err, &conflict):
		h.counts.conflicts.Add(1)
		o.conflict, o.version = true, conflict.Actual
	default:
		read := o.verb == doUpdate && strings.Contains(err.Error(), "read stream") // its session was cut twice
		if !errors.Is(err, eventstore.ErrBusy) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, errRead) && !read {
			h.Errorf("%s: %v", o.verb, err)
		}
		h.counts.unknown.Add(1)
		o.unknown, o.answer = true, never
	}
	return o, true
}

func (o *op) effect() int64 {
	if o.conflict || o.repeated || o.unknown {
		return 0
	}
	return int64(len(o.ids))
}

// impatient lets some callers leave before they are answered.
func impatient(ctx context.Context) (context.Context, context.CancelFunc) {
	if rand.IntN(50) == 0 {
		return context.WithTimeout(ctx, time.Duration(rand.IntN(2000))*time.Microsecond)
	}
	return ctx, func() {}
}

func identified(n int) ([]eventstore.NewEvent, []uuid.UUID) {
	events, ids := facts(n), make([]uuid.UUID, n)
	for i := range events {
		events[i].ID = uuid.Must(uuid.NewV7())
		ids[i] = events[i].ID
	}
	return events, ids
}

// append expects what it has just read, something older, nothing, or anything.
func (h *hostile) append(ctx context.Context, j *eventstore.Journal, o *op) error {
	o.verb = doAppend
	var events []eventstore.NewEvent
	events, o.ids = identified(1 + rand.IntN(3))
	seen := int64(0)
	switch rand.IntN(6) {
	case 0:
		o.expected = eventstore.NoStream
	case 1:
		o.expected = eventstore.AnyVersion
	default:
		head, err := j.Head(ctx)
		if err != nil {
			return errRead
		}
		history, err := j.Stream(ctx, o.stream.ID, 0)
		if err != nil {
			return errRead
		}
		if o.expected = int64(len(history)); rand.IntN(2) == 0 {
			seen = head
		} else if rand.IntN(2) == 0 {
			o.expected = rand.Int64N(o.expected + 1)
		}
	}
	ctx, stop := impatient(ctx)
	defer stop()
	r, err := j.Append(ctx, eventstore.Request{Stream: o.stream, Expected: o.expected, Seen: seen, Events: events})
	o.version, o.first, o.last = r.Version, r.First, r.Last
	return err
}

// errRead is a failure before anything was asked; the model takes it for an unknown outcome, which allows more.
var errRead = errors.New("the read before it failed")

// update repeats one of few commands.
func (h *hostile) update(ctx context.Context, j *eventstore.Journal, o *op) error {
	o.verb, o.command = doUpdate, rand.IntN(commands)
	command := eventstore.Command{ID: eventstore.CommandID("p", o.stream.ID, strconv.Itoa(o.command)), Hash: "h"}
	var events []eventstore.NewEvent
	events, o.ids = identified(1 + rand.IntN(2))
	ctx, stop := impatient(ctx)
	defer stop()
	r, err := j.Update(ctx, o.stream, command, nil, func(history []eventstore.Event) ([]eventstore.NewEvent, error) {
		o.seen = chainOf(history)
		return events, nil
	})
	if o.version, o.first, o.last, o.repeated = r.Version, r.First, r.Last, r.Repeated; o.repeated {
		h.counts.repeats.Add(1)
	}
	return err
}

func (h *hostile) read(ctx context.Context, j *eventstore.Journal, o *op) error {
	o.verb = doRead
	history, err := j.Stream(ctx, o.stream.ID, 0)
	o.version, o.seen = int64(len(history)), chainOf(history)
	return err
}

func chainOf(history []eventstore.Event) (c chain) {
	for _, e := range history {
		c = c.then(e.ID)
	}
	return c
}

// cut ends sessions, whatever they are doing, until the context ends.
func (h *hostile) cut(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var done int64
		err := h.db.Owner.QueryRow(ctx, `
			select count(pg_terminate_backend(pid))
			  from (select pid from pg_stat_activity
			         where datname = current_database() and usename = 'dossier_app' and state <> 'idle'
			         order by random() limit 2) s`).Scan(&done)
		if err != nil && ctx.Err() == nil {
			h.Error(err)
			return
		}
		h.counts.cut.Add(done)
	}
}

// check compares a round's history with the journal after start, and returns the new head.
func (h *hostile) check(ctx context.Context, history []op, start int64) int64 {
	at, head := h.stored(ctx, start)
	if result, stream := linearizable(history, time.Minute); result != porcupine.Ok {
		h.Errorf("stream %s: %s; %s", stream, result, describe(history, stream))
	}
	if wrong := ordered(history, at, start); wrong != "" {
		h.Error(wrong)
	}
	for _, o := range history {
		for _, id := range o.ids {
			delete(at, id)
			if o.unknown {
				h.strays[id] = true
			}
		}
	}
	for id, position := range at {
		if !h.strays[id] {
			h.Errorf("nobody asked for the event at %d", position)
		}
	}
	return head
}

// stored reads the journal after a position: no holes, and each event once.
func (h *hostile) stored(ctx context.Context, start int64) (at map[uuid.UUID]int64, head int64) {
	at = map[uuid.UUID]int64{}
	for rows := 1; rows > 0; {
		found, err := h.db.Owner.Query(ctx, `select `+eventstore.Columns+` from journal.events where position > $1 order by position limit 5000`, start)
		if err != nil {
			h.Fatal(err)
		}
		page, err := eventstore.Scan(found)
		if err != nil {
			h.Fatal(err)
		}
		for _, e := range page {
			if start++; e.Position != start || at[e.ID] != 0 {
				h.Fatalf("position %d after %d, event %s was seen at %d", e.Position, start-1, e.ID, at[e.ID])
			}
			at[e.ID] = e.Position
		}
		rows = len(page)
	}
	return at, start
}

func describe(history []op, stream uuid.UUID) (text string) {
	for _, o := range history {
		if o.verb != doHead && o.stream.ID == stream && len(text) < 4000 {
			text += fmt.Sprintf("\n%d-%d client %d %s %d events expected %d command %d: %+v", o.call, o.answer, o.client, o.verb, len(o.ids), o.expected, o.command, o.told)
		}
	}
	return text
}

// lengths are DOSSIER_LONG, a time, and DOSSIER_APPENDS, a number of events; without either the test is short.
func lengths(t *testing.T) (atLeast time.Duration, appends int64) {
	t.Helper()
	var err error
	if long := os.Getenv("DOSSIER_LONG"); long != "" {
		if atLeast, err = time.ParseDuration(long); err != nil {
			t.Fatalf("DOSSIER_LONG: %v", err)
		}
	}
	if n := os.Getenv("DOSSIER_APPENDS"); n != "" {
		if appends, err = strconv.ParseInt(n, 10, 64); err != nil {
			t.Fatalf("DOSSIER_APPENDS: %v", err)
		}
	}
	return atLeast, appends
}

func TestAppendsAndReadsOfSeveralProcessesAreLinearizableWhileTheirSessionsAreCut(t *testing.T) {
	atLeast, appends := lengths(t)
	long := atLeast > 0 || appends > 0
	if !long {
		t.Parallel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h := newHostile(t, 3)
	clients, operations, pause := 12, 60, 25*time.Millisecond
	if long {
		clients, operations, pause = 192, 120, 250*time.Millisecond
	}
	var cutting sync.WaitGroup
	cutting.Go(func() { h.cut(ctx, pause) })
	defer cutting.Wait()
	defer cancel()
	head, reported := int64(0), time.Now()
	c := &h.counts
	for rounds := 1; !t.Failed(); rounds++ {
		head = h.check(ctx, h.round(ctx, clients, operations), head)
		over := time.Since(h.began) >= atLeast && head >= appends && (c.cut.Load() >= 10 || long)
		if over || time.Since(reported) > 10*time.Second {
			reported = time.Now()
			t.Logf("%v: %d rounds, %d operations, %d events appended, %d unknown outcomes, %d conflicts, %d repeats, %d reads failed, %d sessions cut",
				time.Since(h.began).Round(time.Second), rounds, c.operations.Load(), head, c.unknown.Load(), c.conflicts.Load(), c.repeats.Load(), c.failedReads.Load(), c.cut.Load())
		}
		if over {
			break
		}
	}
	if c.conflicts.Load() == 0 || c.repeats.Load() == 0 || c.unknown.Load() == 0 {
		t.Errorf("%d conflicts, %d repeats, %d unknown outcomes: this proved little", c.conflicts.Load(), c.repeats.Load(), c.unknown.Load())
	}
}

func TestPorcupineFindsAnAppendThatDoesNotLookAtTheVersion(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHostile(t, 2)
	_, err := h.db.Owner.Exec(ctx, `
		do $$
		declare
		  v_function pg_proc;
		begin
		  for v_function in select * from pg_proc where pronamespace = 'journal'::regnamespace and proname = 'append_v1' loop
		    execute replace(pg_get_functiondef(v_function.oid), 'perform pg_advisory_xact_lock(',
		      case when 'bigint[]'::regtype = any (v_function.proargtypes)
		           then 'p_expected := array_fill(-1::bigint, array[cardinality(p_expected)]); p_seen := array_fill(0::bigint, array[cardinality(p_seen)]);'
		           else 'p_expected := -1; p_seen := 0;' end || 'perform pg_advisory_xact_lock(');
		  end loop;
		end
		$$`)
	if err != nil {
		t.Fatal(err)
	}
	if result, _ := linearizable(h.round(ctx, 8, 40), time.Minute); result != porcupine.Illegal {
		t.Errorf("a journal that appends whatever version is expected is %s", result)
	}
	if h.counts.conflicts.Load() > 0 {
		t.Error("the journal was not broken")
	}
}

func TestTheOrderOfAHistoryIsJudged(t *testing.T) {
	t.Parallel()
	x, y := uuid.New(), uuid.New()
	appended := func(id uuid.UUID, call, answer, position int64) op {
		return op{asked: asked{verb: doAppend, ids: []uuid.UUID{id}}, told: told{first: position, last: position}, call: call, answer: answer}
	}
	looked := func(call, answer, head int64) op {
		return op{asked: asked{verb: doHead}, told: told{last: head}, call: call, answer: answer}
	}
	unknown := appended(y, 3, never, 0)
	unknown.unknown = true
	at := map[uuid.UUID]int64{x: 1, y: 2}
	for name, c := range map[string]struct {
		history []op
		at      map[uuid.UUID]int64
		right   bool
	}{
		"one after the other":                  {[]op{appended(x, 1, 2, 1), appended(y, 3, 4, 2), looked(5, 6, 2)}, at, true},
		"both at once":                         {[]op{appended(x, 1, 4, 1), appended(y, 0, 3, 2)}, at, true},
		"an unknown one that happened":         {[]op{appended(x, 1, 2, 1), unknown, looked(5, 6, 2)}, at, true},
		"an unknown one that did not":          {[]op{appended(x, 1, 2, 1), unknown}, map[uuid.UUID]int64{x: 1}, true},
		"the later one stands first":           {[]op{appended(y, 1, 2, 2), appended(x, 3, 4, 1)}, at, false},
		"answered with another position":       {[]op{appended(x, 1, 2, 2)}, at, false},
		"answered and not there":               {[]op{appended(x, 1, 2, 1)}, map[uuid.UUID]int64{}, false},
		"the head does not show what is there": {[]op{appended(x, 1, 2, 1), looked(3, 4, 0)}, at, false},
		"the head went back":                   {[]op{appended(x, 1, 9, 1), looked(2, 3, 1), looked(4, 5, 0)}, at, false},
		"the head shows what nobody asked for": {[]op{looked(1, 2, 1), appended(x, 3, 4, 1)}, at, false},
	} {
		if wrong := ordered(c.history, c.at, 0); (wrong == "") != c.right {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}
