package eventstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/internal/devstack"
	"dossier/migrations"
)

func TestAPostgresKilledAtAnyMomentLosesNoAcknowledgedEvent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	server, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if err := migrations.Up(ctx, server.AdminURL); err != nil {
		t.Fatal(err)
	}
	pool := anotherPool(t, server.URL("dossier_app", "postgres"))
	j := open(t, pool, eventstore.Options{})
	supervising, stopSupervising := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { server.Supervise(supervising) })
	defer background.Wait()
	defer stopSupervising()

	var acknowledged sync.Map
	killing, killed := context.WithCancel(ctx)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for killing.Err() == nil {
				e := facts(1)
				e[0].ID = uuid.Must(uuid.NewV7())
				r, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: e})
				switch {
				case err == nil:
					acknowledged.Store(e[0].ID, r.First)
				case !errors.Is(err, eventstore.ErrBusy):
					t.Errorf("append while the server is away: %v", err)
					return
				}
			}
		})
	}
	for range 3 {
		goOn(ctx, t, server, j)
		server.Kill()
	}
	goOn(ctx, t, server, j)
	killed()
	writers.Wait()
	checkAcknowledged(ctx, t, pool, j, &acknowledged)
}

// goOn waits until the server is back and appends are taken again, without a new Journal. A killed server's sessions may serve a
// little longer than it, so an append alone does not tell.
func goOn(ctx context.Context, t *testing.T, server *devstack.Postgres, j *eventstore.Journal) {
	t.Helper()
	eventually(t, "appends go on", func() bool {
		c, err := pgx.Connect(ctx, server.AdminURL)
		if err != nil {
			return false
		}
		c.Close(ctx)
		for range 5 {
			if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); err != nil {
				return false
			}
		}
		return true
	})
}

func checkAcknowledged(ctx context.Context, t *testing.T, pool *pgxpool.Pool, j *eventstore.Journal, acknowledged *sync.Map) {
	t.Helper()
	pool.Reset() // connections of the time before
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
	checked := 0
	acknowledged.Range(func(id, at any) bool {
		events, err := j.Page(ctx, at.(int64)-1, 1)
		if err != nil || len(events) != 1 || events[0].ID != id {
			t.Errorf("event acknowledged at %d is not there: %v", at, err)
			return false
		}
		checked++
		return checked < 2000
	})
	if checked == 0 {
		t.Error("nothing was acknowledged: this proved nothing")
	}
}
