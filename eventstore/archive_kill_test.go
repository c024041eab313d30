package eventstore

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/migrations/dbtest"
)

func TestAnArchiverKilledAnywhereLeavesEveryEventReadableWhileAppendsGoOn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	db.PartitionSize(t, 20)
	dir := t.TempDir()
	j, err := Open(ctx, db.App, Options{Archive: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	fact := func() error {
		_, err := j.Append(ctx, Request{Stream: Stream{Kind: "dossier", ID: uuid.New()}, Seen: j.Known(), Events: []NewEvent{{
			Type: "dossier.noted", TypeVersion: 1, OccurredAt: time.Now().Add(-time.Second), Data: []byte(`{}`), Meta: []byte(`{}`)}}})
		return err
	}
	for range 100 {
		if err := fact(); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range []string{
		`insert into journal.relay_beats (beat, epoch, holder, cursor, expires_at) values (1, 1, 'test', 1000000, now())`,
		`insert into views.checkpoints (projection, lane, previous, position) select 'dossiers', l, 0, 1000000 from generate_series(0, 63) l`,
	} {
		if _, err := db.Owner.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var appends sync.WaitGroup
	appends.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := fact(); err != nil {
				t.Errorf("append beside the archiver: %v", err)
				return
			}
		}
	})
	killed := errors.New("killed")
	for _, act := range []struct {
		do    func(*Archive, context.Context) (Part, error)
		steps []string
	}{
		{(*Archive).Detach, []string{"written", "named", "recorded", "detached"}},
		{(*Archive).Restore, []string{"filled"}},
	} {
		for _, step := range act.steps {
			a, reached := NewArchive(db.Owner, dir), false
			a.step = func(name string) error {
				if name == step {
					reached = true
					return killed
				}
				return nil
			}
			if _, err := act.do(a, ctx); !errors.Is(err, killed) || !reached {
				t.Fatalf("killed at %s: %v", step, err)
			}
			readsWhole(t, j, step)
			if step != "detached" { // after that there is nothing left to do again
				if _, err := act.do(NewArchive(db.Owner, dir), ctx); err != nil {
					t.Fatalf("again after %s: %v", step, err)
				}
			}
			readsWhole(t, j, "again after "+step)
		}
	}
	close(stop)
	appends.Wait()
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
}

func readsWhole(t *testing.T, j *Journal, when string) {
	t.Helper()
	head, err := j.Head(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for after := int64(0); after < head; {
		page, err := j.Page(context.Background(), after, 33)
		if err != nil || len(page) == 0 || page[0].Position != after+1 {
			t.Fatalf("%s: page after %d of %d: %d events, %v", when, after, head, len(page), err)
		}
		after = page[len(page)-1].Position
	}
}
