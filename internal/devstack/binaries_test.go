package devstack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakes makes a folder whose tools only know their versions.
func fakes(t *testing.T, initdb, postgres string) string {
	t.Helper()
	dir := t.TempDir()
	for tool, version := range map[string]string{"initdb": initdb, "postgres": postgres} {
		script := fmt.Sprintf("#!/bin/sh\necho '%s (PostgreSQL) %s (Debian something)'\n", tool, version)
		if err := os.WriteFile(filepath.Join(dir, tool), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheNewestSupportedPostgresIsTaken(t *testing.T) {
	t.Parallel()
	dirs := []string{
		fakes(t, "14.9", "14.9"),       // too old
		fakes(t, "15.18", "15.18"),     //
		fakes(t, "17.5", "17.5"),       //
		fakes(t, "17.5", "16.9"),       // do not belong together
		fakes(t, "19beta1", "19beta1"), // too new
		t.TempDir(),                    // nothing there
	}
	if b, ok := newestOf(usable(dirs), 0); !ok || b.version != "17.5" {
		t.Errorf("took %+v", b)
	}
	if b, ok := newestOf(usable(dirs), 15); !ok || b.version != "15.18" {
		t.Errorf("for data of version 15 took %+v", b)
	}
	if b, ok := newestOf(usable(dirs), 16); ok {
		t.Errorf("for data of version 16 took %+v", b)
	}
}

func TestGivenBinariesAreTakenOrRefusedButNeverReplaced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dir  string
		want int
		says string
	}{
		"right":               {fakes(t, "16.9", "16.9"), 0, ""},
		"mixed":               {fakes(t, "16.9", "15.1"), 0, "do not belong together"},
		"too old":             {fakes(t, "13.1", "13.1"), 0, "supported are 15 to 18"},
		"other than the data": {fakes(t, "16.9", "16.9"), 15, "is of Postgres 15"},
		"empty":               {t.TempDir(), 0, "ask"},
	} {
		_, err := findBinaries(context.Background(), c.dir, c.want, logOr(nil))
		if got := fmt.Sprint(err); (err == nil) != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutPostgresTheMessageNamesTheWaysOut(t *testing.T) {
	t.Parallel()
	got := waysOut(0, errors.New("no network")).Error()
	for _, want := range []string{"apt install postgresql", "brew install", EnvPostgresBin, "DATABASE_URL", "no network"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}
