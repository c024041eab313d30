package devstack

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldest and newest are the major versions of Postgres that dossier supports.
const oldest, newest = 15, 18

// binaries is a folder with an initdb and a postgres that belong together.
type binaries struct {
	dir     string
	version string // "15.18"
	major   int
}

func (b binaries) tool(name string) string { return filepath.Join(b.dir, name) }

// findBinaries takes what it is given, else the newest of the system's, else a cached copy, else it fetches.
// want is the major version of existing data, 0 for any.
func findBinaries(ctx context.Context, given string, want int, log *slog.Logger) (binaries, error) {
	if given == "" {
		given = os.Getenv(EnvPostgresBin)
	}
	if given != "" {
		b, err := inspect(given)
		if err != nil {
			return binaries{}, err
		}
		return b, matches(b, want)
	}
	for _, dirs := range [][]string{systemFolders(), cachedFolders()} {
		if b, ok := newestOf(usable(dirs), want); ok {
			return b, nil
		}
	}
	b, err := fetch(ctx, want, log)
	if err != nil {
		return binaries{}, waysOut(want, err)
	}
	return b, nil
}

func matches(b binaries, want int) error {
	if want != 0 && b.major != want {
		return fmt.Errorf("the data folder is of Postgres %d, the binaries in %s are %s: give binaries of version %d (%s) or another folder; nothing was changed",
			want, b.dir, b.version, want, EnvPostgresBin)
	}
	return nil
}

func waysOut(want int, why error) error {
	version := fmt.Sprintf("%d to %d", oldest, newest)
	if want != 0 {
		version = fmt.Sprintf("%d (the version of the data folder, which was left as it is)", want)
	}
	return fmt.Errorf(`no Postgres found. Do one of these:
  - install PostgreSQL %s (Debian, Ubuntu: apt install postgresql; macOS: brew install postgresql@17)
  - set %s to the folder that holds initdb and postgres
  - set DATABASE_URL to a running server
(%w)`, version, EnvPostgresBin, why)
}

// usable keeps the folders that hold a Postgres we can use.
func usable(dirs []string) []binaries {
	var found []binaries
	for _, dir := range dirs {
		if b, err := inspect(dir); err == nil {
			found = append(found, b)
		}
	}
	return found
}

func systemFolders() []string {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", // Debian, Ubuntu
		"/usr/pgsql-*/bin",          // the project's own rpm packages
		"/usr/libexec/postgresql*",  // Alpine
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
		"/Applications/Postgres.app/Contents/Versions/*/bin",
		"/usr/local/pgsql/bin",
		"/usr/local/bin",
		"/usr/bin",
	} {
		more, _ := filepath.Glob(pattern)
		dirs = append(dirs, more...)
	}
	if p, err := exec.LookPath("postgres"); err == nil {
		dirs = append(dirs, filepath.Dir(p))
	}
	return dirs
}

func cachedFolders() []string {
	dirs, _ := filepath.Glob(filepath.Join(cacheFolder(), "*", "bin"))
	return dirs
}

// cacheFolder is where fetched binaries stay. Root's lies outside its home, so that the account it becomes can enter.
func cacheFolder() string {
	if os.Geteuid() == 0 {
		return "/var/cache/dossier/postgres"
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "dossier", "postgres")
}

func newestOf(found []binaries, want int) (binaries, bool) {
	found = slices.DeleteFunc(slices.Clone(found), func(b binaries) bool { return want != 0 && b.major != want })
	if len(found) == 0 {
		return binaries{}, false
	}
	return slices.MaxFunc(found, func(a, b binaries) int { return a.major - b.major }), true
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[.\w]*)`)

// inspect accepts a folder whose initdb and postgres are of one version that we support.
func inspect(dir string) (binaries, error) {
	var versions []string
	b := binaries{dir: dir}
	for _, tool := range []string{"initdb", "postgres"} {
		out, err := exec.Command(b.tool(tool), "--version").Output()
		if err != nil {
			return b, fmt.Errorf("ask %s for its version: %w", b.tool(tool), err)
		}
		m := versionLine.FindStringSubmatch(string(out))
		if m == nil {
			return b, fmt.Errorf("%s says %q instead of a version", b.tool(tool), strings.TrimSpace(string(out)))
		}
		versions = append(versions, m[1])
		b.version = m[1]
		b.major, _ = strconv.Atoi(m[2])
	}
	if versions[0] != versions[1] {
		return b, fmt.Errorf("initdb %s and postgres %s in %s do not belong together", versions[0], versions[1], dir)
	}
	if b.major < oldest || b.major > newest {
		return b, fmt.Errorf("%s holds Postgres %s; supported are %d to %d", dir, b.version, oldest, newest)
	}
	return b, nil
}
