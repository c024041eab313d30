package main

import (
	"context"
	"dossier/eventstore/relay"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/internal/devstack"
)

// copyPostgres copies the data of a Postgres whose folder is dir as it stands on disk now, as a standby that falls behind from here
// on. The server rests meanwhile.
func (w *world) copyPostgres(dir, to string) error {
	w.pg.Load().Stop()
	if out, err := exec.Command("cp", "-a", dir, to).CombinedOutput(); err != nil {
		return fmt.Errorf("copy Postgres: %w: %s", err, out)
	}
	return w.usePostgres(dir)
}

// failOver ends the server and goes on with the copy.
func (w *world) failOver(copied string) error {
	w.pg.Load().Stop()
	return w.usePostgres(copied)
}

func (w *world) usePostgres(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	pg, err := devstack.StartPostgres(context.Background(), devstack.PostgresOptions{Dir: dir, Log: discard})
	if err != nil {
		return fmt.Errorf("start Postgres in %s: %w", dir, err)
	}
	return w.use(pg)
}

func TestAFailoverThatLostItsTailStopsLoudlyAndGoesOnAfterRecover(t *testing.T) {
	slow(t)
	t.Parallel()
	base := t.TempDir()
	if err := os.Chmod(base, 0o755); err != nil { // Postgres runs as another user when we are root
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(base), 0o755); err != nil {
		t.Fatal(err)
	}
	primary, standby := filepath.Join(base, "primary"), filepath.Join(base, "standby")
	w := start(t, settings{dir: primary})
	api := w.serving(t, "api")
	w.work(3, 5*time.Millisecond)
	w.answers(t, 150)
	w.holds(t)
	soon(t, "/readyz is green", func() bool { return api.red() == "" })
	if err := w.copyPostgres(primary, standby); err != nil {
		t.Fatal(err)
	}
	kept, err := w.headOnce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.work(3, 5*time.Millisecond)
	w.answers(t, 400)
	w.holds(t)
	if err := w.failOver(standby); err != nil {
		t.Fatal(err)
	}
	w.ledger.forget(kept)
	soon(t, "the relay halts", func() bool {
		return slices.ContainsFunc(w.nodes, func(n *node) bool { return n.relay.Status().Role == relay.Halted })
	})
	if said := w.says(); !strings.Contains(said, "dossier recover") {
		t.Errorf("nobody names the way out: %s", said)
	}
	soon(t, "/readyz of a process without a relay names it too", func() bool { return strings.Contains(api.red(), "dossier recover") })
	w.recover(t)
	w.work(3, 5*time.Millisecond)
	w.answers(t, 60) // fewer than were lost: who remembers how far the lost ones led must forget it
	w.holds(t)
	soon(t, "/readyz is green again", func() bool { return api.red() == "" })
}

// recover runs the command that an operator would.
func (w *world) recover(t *testing.T) {
	t.Helper()
	cmd := exec.Command(program(t), "recover", "--yes")
	cmd.Env = w.environment()
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "true") {
		t.Fatalf("dossier recover: %v\n%s", err, out)
	}
}
