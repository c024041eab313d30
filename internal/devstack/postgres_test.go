package devstack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The test binary is its own helper: with this set it becomes a process that can be killed.
const helper = "DOSSIER_DEVSTACK_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helper) {
	case "postgres":
		helpPostgres(os.Getenv("DIR"))
	case "kafka":
		helpKafka(os.Getenv("DIR"))
	default:
		code := m.Run()
		if templateDir != "" {
			_ = os.RemoveAll(templateDir)
		}
		os.Exit(code)
	}
}

func helpPostgres(dir string) {
	p, err := StartPostgres(context.Background(), PostgresOptions{Dir: dir, Durable: true})
	if err != nil {
		fmt.Println("FAILED", strings.ReplaceAll(err.Error(), "\n", " "))
		os.Exit(1)
	}
	fmt.Println("READY", p.PID(), p.AdminURL, p.folder.path)
	select {}
}

// startHelper runs the test binary as another process and returns the words it says once ready.
func startHelper(t *testing.T, what, dir string) (*os.Process, []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helper+"="+what, "DIR="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	words := strings.Fields(line)
	if err != nil || words[0] != "READY" {
		t.Fatalf("the helper says %q (%v)", line, err)
	}
	if what == "postgres" {
		server := number(t, words[1])
		t.Cleanup(func() { // the folder can go when nobody writes there any more
			_ = cmd.Process.Kill()
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for limit := time.After(10 * time.Second); alive(server); {
				select {
				case <-limit:
					return
				case <-tick.C:
				}
			}
		})
	}
	return cmd.Process, words[1:]
}

// number reads a process id. Never 0: a signal sent to 0 reaches all of our own process group.
func number(t *testing.T, word string) int {
	t.Helper()
	n, err := strconv.Atoi(word)
	if err != nil || n < 2 {
		t.Fatalf("%q is no process id", word)
	}
	return n
}

// template is a folder that was made once, so that tests about something else need not wait for initdb.
var template = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "dossier-template-")
	if err != nil {
		return "", err
	}
	p, err := StartPostgres(context.Background(), PostgresOptions{Dir: dir})
	if err != nil {
		return "", err
	}
	p.Stop()
	templateDir = dir
	return dir, nil
})

var templateDir string // removed at the end

// madeFolder is a folder with the data of a fresh server.
func madeFolder(t *testing.T) string {
	t.Helper()
	from, err := template()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.Command("cp", "-a", filepath.Join(from, "pg"), dir).CombinedOutput(); err != nil {
		t.Fatalf("copy the template: %v\n%s", err, out)
	}
	return dir
}

func start(t *testing.T, o PostgresOptions) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

func run(t *testing.T, url, sql string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func ask(t *testing.T, url, sql string) string {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	var answer string
	if err := c.QueryRow(t.Context(), sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	for !ok() {
		if !pause(ctx, 10*time.Millisecond) {
			t.Fatalf("waited 15 s in vain: %s", what)
		}
	}
}

func gone(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func TestAPrivatePostgresListensOnItsSocketAndNowhereElse(t *testing.T) {
	t.Parallel()
	p := TestPostgres(t)
	if got := ask(t, p.AdminURL, "select current_setting('listen_addresses')"); got != "" {
		t.Errorf("listen_addresses = %q", got)
	}
	got := ask(t, p.AdminURL, "select concat_ws(' ', current_setting('server_encoding'), datcollate, current_user, current_setting('timezone')) from pg_database where datname = current_database()")
	if got != "UTF8 C.UTF-8 postgres UTC" {
		t.Errorf("made as %q", got)
	}
}

func TestTestsShareOnePostgres(t *testing.T) {
	t.Parallel()
	if a, b := TestPostgres(t), TestPostgres(t); a != b {
		t.Errorf("two servers: %s and %s", a.AdminURL, b.AdminURL)
	}
}

func TestAFolderIsUsedAgainWithItsData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := start(t, PostgresOptions{Dir: dir, Durable: true})
	run(t, p.AdminURL, "create table t as select 42 as answer")
	if got := ask(t, p.AdminURL, "select current_setting('fsync')"); got != "on" {
		t.Errorf("durable, but fsync is %s", got)
	}
	pid := p.PID()
	p.Stop()
	if alive(pid) {
		t.Error("the server outlived Stop")
	}
	p = start(t, PostgresOptions{Dir: dir})
	if got := ask(t, p.URL(Superuser, "postgres"), "select answer::text from t"); got != "42" {
		t.Errorf("after the restart the answer is %s", got)
	}
}

func TestATemporaryPostgresLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	p := start(t, PostgresOptions{})
	p.Stop()
	if !gone(p.folder.path) {
		t.Errorf("%s is still there", p.folder.path)
	}
}

func TestATemporaryPostgresIsClearedAwayAfterAKilledParent(t *testing.T) {
	t.Parallel()
	parent, said := startHelper(t, "postgres", "")
	_ = parent.Kill()
	eventually(t, "folder removed", func() bool { return gone(said[2]) })
}

func TestASecondStartOnTheSameFolderIsRefusedByName(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	parent, _ := startHelper(t, "postgres", dir)
	_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d", parent.Pid)) {
		t.Errorf("want a refusal that names process %d, got: %v", parent.Pid, err)
	}
}

func TestKillingTheParentEndsPostgresAndLosesNothing(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	parent, said := startHelper(t, "postgres", dir)
	pid := number(t, said[0])
	run(t, said[1], "create table t as select 'kept' as what")
	_ = parent.Kill()
	p := start(t, PostgresOptions{Dir: dir}) // at once, while the old one is still on its way out
	if p.PID() == pid || alive(pid) {
		t.Errorf("the old server %d still runs", pid)
	}
	if got := ask(t, p.AdminURL, "select what from t"); got != "kept" {
		t.Errorf("found %q", got)
	}
}

func TestKilledTogetherWithItsParentPostgresRecovers(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	parent, said := startHelper(t, "postgres", dir)
	pid := number(t, said[0])
	run(t, said[1], "create table t as select 'kept' as what")
	_ = parent.Signal(syscall.SIGSTOP) // it may not reap, restart or tidy up
	_ = syscall.Kill(pid, syscall.SIGKILL)
	_ = parent.Kill()
	p := start(t, PostgresOptions{Dir: dir})
	if got := ask(t, p.AdminURL, "select what from t"); got != "kept" {
		t.Errorf("found %q", got)
	}
}

func TestASupervisedPostgresComesBackUnderItsAddress(t *testing.T) {
	t.Parallel()
	p := start(t, PostgresOptions{Dir: madeFolder(t)})
	ended := make(chan struct{})
	go func() { p.Supervise(context.Background()); close(ended) }()
	pool, err := pgxpool.New(t.Context(), p.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), "create table t as select 1 as n"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		pid := p.PID()
		p.Kill()
		eventually(t, "another server runs", func() bool { return p.PID() != 0 && p.PID() != pid })
		eventually(t, "the pool writes again", func() bool {
			_, err := pool.Exec(t.Context(), "insert into t select n + 1 from t")
			return err == nil
		})
	}
	p.Stop()
	<-ended
}

// A postmaster.pid of a server long dead, whose number is another living process's now: in containers numbers start anew.
func TestAStaleProcessNumberDoesNotKeepPostgresFromStarting(t *testing.T) {
	t.Parallel()
	dir := madeFolder(t)
	p := start(t, PostgresOptions{Dir: dir})
	stale, err := os.ReadFile(p.folder.pidFile())
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	_, rest, _ := strings.Cut(string(stale), "\n")
	if err := os.WriteFile(p.folder.pidFile(), []byte("1\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, PostgresOptions{Dir: dir})
}

func TestDataOfAnotherVersionIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mark := filepath.Join(dir, "pg", "PG_VERSION")
	_ = os.Mkdir(filepath.Dir(mark), 0o700)
	if err := os.WriteFile(mark, []byte("14\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bin := fakes(t, "15.18", "15.18")
	_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir, Bin: bin})
	if err == nil || !strings.Contains(err.Error(), "is of Postgres 14") {
		t.Errorf("want a refusal that names version 14, got: %v", err)
	}
	if b, _ := os.ReadFile(mark); string(b) != "14\n" {
		t.Errorf("PG_VERSION is %q now", b)
	}
}

func TestAFolderThatIsSomethingElseIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_ = os.MkdirAll(filepath.Join(dir, "pg", "photos"), 0o700)
	_, err := StartPostgres(t.Context(), PostgresOptions{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "not a Postgres data folder") {
		t.Errorf("got: %v", err)
	}
}

func TestALongPathGetsAShortSocket(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 20))
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(madeFolder(t), dir); err != nil {
		t.Fatal(err)
	}
	p := start(t, PostgresOptions{Dir: dir})
	if len(p.folder.socket) > 60 || ask(t, p.AdminURL, "select 'ok'") != "ok" {
		t.Errorf("socket folder is %s", p.folder.socket)
	}
	p.Stop()
	if !gone(p.folder.socket) {
		t.Errorf("%s is still there", p.folder.socket)
	}
}
