package eventstore

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dossier/migrations/dbtest"
)

// standStill makes everything that asks the journal wait until goOn.
func standStill(t *testing.T, db *dbtest.DB) (goOn func()) {
	t.Helper()
	tx, err := db.Owner.BeginTx(context.Background(), pgx.TxOptions{})
	if err == nil {
		_, err = tx.Exec(context.Background(), `lock table journal.events in access exclusive mode`)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback(context.Background()) }
}

// live is what is on the heap now. What lies in a sync.Pool is let go by the second collection only: after one, each
// caller of the flood would at times still count with its buffer.
func live() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Not parallel: what lives on the heap is the whole process'.
func TestWhilePostgresStandsStillAFloodIsBusyAndTheRestIsBounded(t *testing.T) {
	const callers, waiting, size, most = 600, 200, 32 << 10, 1 << 20
	for name, call := range map[string]func(*Journal, Request) error{
		"appends": func(j *Journal, r Request) error {
			_, err := j.Append(context.Background(), r)
			return err
		},
		"commands": func(j *Journal, r Request) error {
			_, err := j.Update(context.Background(), r.Stream, Command{}, nil, func([]Event) ([]NewEvent, error) {
				r.Events[0].Data = large(size)
				return r.Events, nil
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := dbtest.New(t)
			j := openClock(t, db, Options{Queue: waiting, QueueBytes: most, MaxBytes: most / 4})
			goOn := standStill(t, db)
			before := live()
			var all sync.WaitGroup
			var busy, done atomic.Int64
			for range callers {
				all.Go(func() {
					r := request(time.Now())
					if name == "appends" {
						r.Events[0].Data = large(size)
					}
					switch err := call(j, r); {
					case err == nil:
						done.Add(1)
					case errors.Is(err, ErrBusy):
						busy.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			// Whoever is not told so waits. The last to be told come some time after the first: nobody may be on the way.
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for told := int64(-1); told != busy.Load() || told < callers-waiting; <-tick.C {
				told = busy.Load()
			}
			s, during := j.Stats(), live()
			t.Logf("%d busy, %d waiting with %d KB, heap %d KB more", busy.Load(), s.Waiting, s.WaitingBytes>>10, (during-before)>>10)
			if s.Waiting > waiting || s.WaitingBytes > most {
				t.Errorf("%d requests of %d bytes wait", s.Waiting, s.WaitingBytes)
			}
			if grown := during - before; grown > most+6<<20 {
				t.Errorf("the heap grew by %d MB", grown>>20)
			}
			goOn()
			all.Wait()
			head, err := j.Head(context.Background())
			if err != nil || head != done.Load() || done.Load() == 0 {
				t.Errorf("%d events are stored, %d callers were told so, %v", head, done.Load(), err)
			}
			if err := call(j, request(time.Now())); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func large(size int) []byte {
	return append(append([]byte(`"`), bytes.Repeat([]byte("x"), size)...), '"')
}

func TestLongStreamsAreReadApartSoThatOneReadHoldsNoMoreThanItsBytes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := openClock(t, dbtest.New(t), Options{})
	var asks []*ask
	for range 6 {
		r := request(time.Now(), time.Now())
		r.Events[0].Data = large(readBytes / 5)
		if _, err := j.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
		asks = append(asks, &ask{id: r.Stream.ID, answer: make(chan history, 1)})
	}
	r := newHistoryReader(j)
	t.Cleanup(r.drop)
	if _, _, err := r.read(asks); !errors.Is(err, errLong) {
		t.Errorf("all at once: %v", err)
	}
	r.answer(asks)
	for _, a := range asks {
		if h := <-a.answer; h.err != nil || len(h.events) != 2 {
			t.Errorf("%d events, %v", len(h.events), h.err)
		}
	}
}
