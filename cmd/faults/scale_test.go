package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"dossier/eventstore/relay"
	"dossier/handlers"
	"dossier/internal/devstack"
)

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "dossier-faults-bin-")
	if err != nil {
		return "", err
	}
	afterAll = append(afterAll, func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "dossier")
	if out, err := exec.Command("go", "build", "-o", file, "dossier/cmd/dossier").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return file, nil
})

// program builds `dossier` once.
func program(t *testing.T) string {
	t.Helper()
	file, err := built()
	if err != nil {
		t.Fatalf("build dossier: %v", err)
	}
	return file
}

// afterAll undoes what tests share.
var afterAll []func()

func TestMain(m *testing.M) {
	code := m.Run()
	for _, undo := range afterAll {
		undo()
	}
	os.Exit(code)
}

// serving starts a process that ends with the test.
func (w *world) serving(t *testing.T, roles string) *process {
	t.Helper()
	p, err := w.serve(program(t), roles)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", roles, p.said)
		}
	})
	soon(t, roles+" is up", func() bool { return roles != "api" || p.address() != "" })
	return p
}

// cursor is how far the relays have published and by which leader.
func (w *world) cursor(t *testing.T) (cursor, epoch int64) {
	t.Helper()
	cursor, epoch, _, err := relay.Head(t.Context(), w.own)
	if err != nil {
		t.Fatal(err)
	}
	return cursor, epoch
}

func TestAfterKill9OfTheLeadingRelayAnotherProcessLeadsWithinFiveSeconds(t *testing.T) {
	slow(t)
	t.Parallel()
	w := start(t, settings{nodes: 1})
	w.nodes[0].rest(roleRelay)
	first := w.serving(t, "relay")
	w.work(2, 10*time.Millisecond)
	soon(t, "the first process publishes", func() bool { c, _ := w.cursor(t); return c > 0 })
	_, led := w.cursor(t)
	w.serving(t, "relay")
	w.answers(t, 100)
	first.kill()
	killed := time.Now()
	soon(t, "the second process leads", func() bool { _, epoch := w.cursor(t); return epoch > led })
	if took := time.Since(killed); took > 5*time.Second {
		t.Errorf("the takeover took %s", took)
	}
	at, _ := w.cursor(t)
	soon(t, "it publishes", func() bool { c, _ := w.cursor(t); return c > at })
	w.holds(t)
}

func TestKill9OfEveryRoleAtRandomLosesAndDoublesNothing(t *testing.T) {
	slow(t)
	t.Parallel()
	w := start(t, settings{nodes: 1})
	w.nodes[0].rest(roleRelay)
	w.nodes[0].rest(roleProjector)
	roles := []string{"api", "relay", "projector", "relay,projector", "api"}
	processes := make([]*process, len(roles))
	for i, r := range roles {
		processes[i] = w.serving(t, r)
	}
	w.work(2, 10*time.Millisecond)
	r := w.dice()
	for range 8 {
		i := r.IntN(len(roles))
		w.answers(t, int64(20+r.IntN(60)))
		processes[i].kill()
		processes[i] = w.serving(t, roles[i])
	}
	w.holds(t)
}

func TestAProcessStoppedBeyondItsLeaseIsAZombieThatHarmsNobody(t *testing.T) {
	slow(t)
	t.Parallel()
	w := start(t, settings{nodes: 1})
	w.nodes[0].rest(roleRelay)
	zombie := w.serving(t, "relay,projector")
	w.work(2, 10*time.Millisecond)
	soon(t, "it publishes", func() bool { c, _ := w.cursor(t); return c > 0 })
	_, led := w.cursor(t)
	if err := zombie.signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w.nodes[0].play(roleRelay)
	soon(t, "another leads", func() bool { _, epoch := w.cursor(t); return epoch > led })
	w.answers(t, 50)
	if err := zombie.signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.answers(t, 100)
	w.holds(t)
}

// While Postgres stands still callers hear 503 and when to come back, and nothing piles up.
func TestWhilePostgresStandsStillTheAPIAnswers503AndMemoryStaysFlat(t *testing.T) {
	slow(t)
	t.Parallel()
	w := start(t, settings{nodes: 1})
	p := w.serving(t, "api")
	ask := func(key string) (int, string) {
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
		defer cancel()
		status, after, err := p.submit(ctx, key)
		if err != nil {
			return 0, ""
		}
		return status, after
	}
	soon(t, "commands are taken", func() bool { s, _ := ask("first"); return s < 300 && s > 0 })
	before := p.resident()
	unlock := w.lockAppends(t)
	var busy, named, other atomic.Int64
	var all sync.WaitGroup
	all.Go(func() {
		page, err := p.ask(t.Context(), http.MethodGet, "/dossiers", "", "")
		if err != nil {
			t.Error(err)
			return
		}
		defer page.Body.Close()
		if page.StatusCode != 503 || page.Header.Get("Retry-After") == "" {
			t.Errorf("a page answers %d, come back after %q", page.StatusCode, page.Header.Get("Retry-After"))
		}
	})
	const callers = handlers.MostRequests + 500
	for i := range callers {
		all.Go(func() {
			switch status, after := ask(fmt.Sprintf("key-%d", i)); {
			case status == 503 && after != "":
				named.Add(1)
				busy.Add(1)
			case status == 503:
				busy.Add(1)
			default:
				other.Add(1)
			}
		})
	}
	soon(t, "who finds it full is told so", func() bool { return busy.Load() >= 400 })
	inside, waiting := p.figure(t.Context(), "dossier_requests_inside"), p.figure(t.Context(), "dossier_append_waiting_bytes")
	if inside > handlers.MostRequests || waiting > handlers.MostBytes {
		t.Errorf("%.0f requests are inside, %.0f bytes wait", inside, waiting)
	}
	all.Wait()
	after := p.resident()
	unlock()
	t.Logf("%.0f requests inside, %.0f bytes waiting; %d busy, %d of them said when to come back, %d other answers; %d MB before, %d after", inside, waiting, busy.Load(), named.Load(), other.Load(), before, after)
	if busy.Load() == 0 || busy.Load() != named.Load() || other.Load() > 0 {
		t.Error("not every caller was told to come back")
	}
	if after > before+100 {
		t.Errorf("memory grew from %d to %d MB", before, after)
	}
	soon(t, "commands are taken again", func() bool { s, _ := ask("last"); return s < 300 && s > 0 })
	w.holds(t)
}

// lockAppends makes every append wait for its lock.
func (w *world) lockAppends(t *testing.T) (unlock func()) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), w.pg.Load().URL(devstack.Superuser, database))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "lock table journal.events in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = tx.Rollback(context.Background())
		_ = c.Close(context.Background())
	}
}
