package eventstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/internal/devstack"
	"dossier/migrations"
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
