package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// fetch brings binaries to a machine that has none: Debian's package when root may install it, else a download.
func fetch(ctx context.Context, want int, log *slog.Logger) (binaries, error) {
	var troubles []error
	for _, way := range []func(context.Context, int, *slog.Logger) (binaries, error){install, download} {
		b, err := way(ctx, want, log)
		if err == nil {
			return b, nil
		}
		troubles = append(troubles, err)
	}
	return binaries{}, errors.Join(troubles...)
}

// noCluster is read by Debian's package before it makes a server of its own on port 5432, which nobody here asked for.
const noCluster = "/etc/postgresql-common/createcluster.d/dossier.conf"

func install(ctx context.Context, want int, log *slog.Logger) (binaries, error) {
	if os.Geteuid() != 0 {
		return binaries{}, errors.New("apt: not root")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return binaries{}, errors.New("apt: not a Debian machine")
	}
	if err := os.MkdirAll(filepath.Dir(noCluster), 0o755); err != nil {
		return binaries{}, fmt.Errorf("apt: %w", err)
	}
	if err := os.WriteFile(noCluster, []byte("create_main_cluster = false\n"), 0o644); err != nil {
		return binaries{}, fmt.Errorf("apt: %w", err)
	}
	defer os.Remove(noCluster)
	name := "postgresql"
	if want != 0 {
		name = fmt.Sprintf("postgresql-%d", want)
	}
	log.Info("no Postgres found: installing Debian's package, once", "package", name)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	if err := apt(ctx, "update"); err != nil {
		return binaries{}, err
	}
	if err := apt(ctx, "install", "--yes", "--no-install-recommends", name); err != nil {
		return binaries{}, err
	}
	if b, ok := newestOf(usable(systemFolders()), want); ok {
		return b, nil
	}
	return binaries{}, fmt.Errorf("apt: package %s is not a version from %d to %d", name, oldest, newest)
}

func apt(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"--quiet", "-o", "DPkg::Lock::Timeout=120"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("apt-get %s: %w\n%s", args[0], err, lastLines(string(out), 5))
	}
	return nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

var downloads = map[int]embedded.PostgresVersion{15: embedded.V15, 16: embedded.V16, 17: embedded.V17, 18: embedded.V18}

// download takes embedded-postgres as a downloader and nothing more. That library deletes data folders whose version it
// does not expect, so it only ever sees an empty folder of its own, which is moved to the cache when it is whole.
func download(ctx context.Context, want int, log *slog.Logger) (binaries, error) {
	if want == 0 {
		want = newest
	}
	version := downloads[want]
	cache := cacheFolder()
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return binaries{}, fmt.Errorf("download: %w", err)
	}
	dir, err := os.MkdirTemp(cache, ".new-")
	if err != nil {
		return binaries{}, fmt.Errorf("download: %w", err)
	}
	defer os.RemoveAll(dir)
	log.Info("no Postgres found: downloading one, once", "version", version, "to", cache)
	why := extract(version, dir)
	if err := ctx.Err(); err != nil {
		return binaries{}, err
	}
	if _, err := inspect(filepath.Join(dir, "run", "bin")); err != nil {
		return binaries{}, fmt.Errorf("download: %w", errors.Join(why, err))
	}
	home := filepath.Join(cache, string(version))
	if err := os.Chmod(filepath.Join(dir, "run"), 0o755); err != nil {
		return binaries{}, fmt.Errorf("download: %w", err)
	}
	if err := os.Rename(filepath.Join(dir, "run"), home); err != nil && !errors.Is(err, os.ErrExist) {
		return binaries{}, fmt.Errorf("download: %w", err)
	}
	return inspect(filepath.Join(home, "bin"))
}

// extract starts the library with a locale that does not exist: it downloads, unpacks, and fails before any server runs.
// So its error says nothing by itself.
func extract(version embedded.PostgresVersion, dir string) error {
	return embedded.NewDatabase(embedded.DefaultConfig().
		Version(version).
		Port(0).
		Locale("only-the-files-please").
		CachePath(filepath.Join(dir, "archive")).
		RuntimePath(filepath.Join(dir, "run")).
		DataPath(filepath.Join(dir, "data")).
		Logger(io.Discard)).Start()
}
