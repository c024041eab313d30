package devstack

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// uidOf returns the real uid of a process as the kernel sees it from outside.
func uidOf(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`Uid:\s+(\d+)`).FindStringSubmatch(string(b))[1]
}

func capabilities(t *testing.T, pid int) string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`CapEff:\s+(\w+)`).FindStringSubmatch(string(b))[1]
}

func TestRootsPostgresHasNoneOfRootsRights(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("we are not root, so neither is Postgres")
	}
	p := start(t, PostgresOptions{})
	if got := capabilities(t, p.PID()); got != strings.Repeat("0", len(got)) {
		t.Errorf("effective capabilities are %s", got)
	}
}

func TestWithoutUserNamespacesRootBecomesAnotherAccount(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can")
	}
	p := start(t, PostgresOptions{as: asAnother})
	if got, want := uidOf(t, p.PID()), fmt.Sprint(p.folder.as.uid); got != want || got == "0" {
		t.Errorf("runs as uid %s, want %s", got, want)
	}
	if ask(t, p.AdminURL, "select 'ok'") != "ok" {
		t.Error("does not answer")
	}
}

func TestAFolderChangesHandsWithTheWayRootGivesUpItsRights(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can")
	}
	dir, err := os.MkdirTemp("", "dossier-hands-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := start(t, PostgresOptions{Dir: dir, as: asAnother})
	run(t, p.AdminURL, "create table t as select 'kept' as what")
	p.Stop()
	p = start(t, PostgresOptions{Dir: dir})
	if got := ask(t, p.AdminURL, "select what from t"); got != "kept" {
		t.Errorf("found %q", got)
	}
}

func TestAFolderBehindAClosedDoorIsRefusedWithTheDoorsName(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(t.TempDir(), "home")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	nobody := identity{mode: asAnother, name: "nobody", uid: 4242}
	err := nobody.reaches(filepath.Join(closed, "data"))
	if err == nil || !strings.Contains(err.Error(), closed) || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("got: %v", err)
	}
}

func TestASocketFolderOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	_ = os.Mkdir(dir, 0o700)
	_ = os.Chmod(dir, 0o777)
	if err := (identity{}).onlyOurs(dir); err == nil {
		t.Error("a folder open to all was accepted")
	}
}
