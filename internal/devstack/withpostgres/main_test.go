package main

import (
	"bufio"
	"bytes"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dossier/internal/devstack"
)

// The test binary is also the command under test.
const helper = "WITHPOSTGRES_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helper) != "" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// withPostgres prepares the command in an environment without a server, unless one is given.
func withPostgres(given string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), helper+"=1", devstack.EnvTestPostgres+"="+given)
	cmd.Stderr = os.Stderr
	return cmd
}

func socketOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
}

func exitOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return exit.ExitCode()
}

func TestTheCommandFindsAPostgresThatEndsWithIt(t *testing.T) {
	t.Parallel()
	out, err := withPostgres("", "--", "sh", "-c", `echo "$DOSSIER_TEST_POSTGRES"; test -S "$(echo "$DOSSIER_TEST_POSTGRES" | sed 's/.*host=//; s/&.*//; s/%2F/\//g')/.s.PGSQL.5432" || exit 1; exit 7`).Output()
	if code := exitOf(t, err); code != 7 {
		t.Errorf("exit code %d, want the command's 7", code)
	}
	if _, err := os.Stat(socketOf(t, string(out))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the server is still there: %v", err)
	}
}

func TestAGivenServerIsUsedAsItIs(t *testing.T) {
	t.Parallel()
	out, err := withPostgres("postgres://somewhere/else", "sh", "-c", `echo "$DOSSIER_TEST_POSTGRES"`).Output()
	if err != nil || strings.TrimSpace(string(out)) != "postgres://somewhere/else" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestSignalsReachTheCommand(t *testing.T) {
	t.Parallel()
	cmd := withPostgres("postgres://unused", "sh", "-c", `trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done`)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if code := exitOf(t, cmd.Wait()); code != 9 {
		t.Errorf("exit code %d, want the 9 of the command's own handler", code)
	}
}

func TestWhatTheCommandLeavesBehindIsKilled(t *testing.T) {
	t.Parallel()
	cmd := withPostgres("postgres://unused", "sh", "-c", `sleep 1000 >/dev/null 2>&1 & echo $!`)
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(out.String())
	deadline := time.NewTimer(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	for running(pid) {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("process %s still runs", pid)
		}
	}
}

func running(pid string) bool {
	out, err := exec.Command("ps", "-o", "stat=", "-p", pid).Output()
	return err == nil && !strings.HasPrefix(strings.TrimSpace(string(out)), "Z")
}

func TestACommandThatDoesNotExistIsSaidSo(t *testing.T) {
	t.Parallel()
	if code := exitOf(t, withPostgres("postgres://unused", "no-such-command").Run()); code != 127 {
		t.Errorf("exit code %d", code)
	}
	if code := exitOf(t, withPostgres("").Run()); code != 2 {
		t.Errorf("without a command: exit code %d", code)
	}
}
