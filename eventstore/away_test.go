package eventstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/internal/devstack"
	"dossier/migrations"
	"dossier/migrations/dbtest"
)

func TestAJournalWhosePostgresIsAwaySaysSoAtOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	server, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	if err := migrations.Up(ctx, server.AdminURL); err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.New(ctx, server.URL("dossier_app", "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	j, err := Open(ctx, pool, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	server.Stop()
	j.writer.patient = time.Millisecond
	for range 2 { // the first finds its connection lost, the second finds none
		if _, err := j.Append(ctx, request(time.Now())); !errors.Is(err, ErrBusy) {
			t.Errorf("append without Postgres: %v", err)
		}
	}
}

func TestAConnectionThatWasIdleForLongIsKept(t *testing.T) {
	t.Parallel()
	j := openClock(t, dbtest.New(t), Options{})
	l := newLine(j.pool, &j.sql)
	t.Cleanup(l.drop)
	pg, err := l.wire()
	if err != nil {
		t.Fatal(err)
	}
	_ = pg.Conn().SetDeadline(time.Unix(1, 0)) // of an exchange before
	l.used = time.Now().Add(-time.Hour)
	if err := l.connect(); err != nil || l.times != 1 {
		t.Errorf("connected %d times, %v", l.times, err)
	}
}
