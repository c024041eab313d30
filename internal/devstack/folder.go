package devstack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// folder is all that one Postgres keeps: pg/ (data), lock, postgres.log and, if its path is short enough, run/ (socket).
type folder struct {
	path      string
	temporary bool
	lock      *os.File
	socket    string // the folder of the socket
	elsewhere bool   // the socket's folder is not inside path
	as        identity
}

// openFolder makes the folder if need be and takes its lock.
func openFolder(ctx context.Context, path string) (*folder, error) {
	f := &folder{path: path, temporary: path == ""}
	if err := f.locate(); err != nil {
		return nil, err
	}
	f.placeSocket()
	if err := f.take(ctx); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *folder) locate() (err error) {
	if f.temporary {
		if f.path, err = os.MkdirTemp("", "dossier-pg-"); err != nil {
			return fmt.Errorf("make a temporary folder for postgres: %w", err)
		}
		return nil
	}
	if f.path, err = filepath.Abs(f.path); err != nil {
		return fmt.Errorf("find folder %s: %w", f.path, err)
	}
	if err = os.MkdirAll(f.path, 0o700); err != nil {
		return fmt.Errorf("make folder for postgres: %w", err)
	}
	return nil
}

func (f *folder) data() string    { return filepath.Join(f.path, "pg") }
func (f *folder) pidFile() string { return filepath.Join(f.data(), "postmaster.pid") }
func (f *folder) logPath() string { return filepath.Join(f.path, "postgres.log") }

// take locks the folder. The lock is handed on to the server, so that it is free only when the last of its processes is
// gone, even if we are killed.
func (f *folder) take(ctx context.Context) (err error) {
	f.lock, err = lockFolder(ctx, f.path, f.hurryOrphan)
	return err
}

// hurryOrphan asks a server whose owner is dead to end, where no parent-death signal did.
func (f *folder) hurryOrphan() {
	pid := firstNumber(f.pidFile())
	if name := processName(pid); pid > 1 && (name == "" || name == "postgres") { // the number may be another's by now
		_ = syscall.Kill(pid, syscall.SIGINT)
	}
}

// forgetTheDead removes the files in which a killed server noted its process id: in a container, where numbers start anew,
// that id is soon another's, and Postgres would refuse to start. Whoever holds the lock knows that no server runs.
func (f *folder) forgetTheDead() {
	_ = os.Remove(f.pidFile())
	_ = os.Remove(filepath.Join(f.socket, ".s.PGSQL.5432.lock"))
}

// retake waits for the last process of a killed server: until then its shared memory keeps a new one from starting.
func (f *folder) retake(ctx context.Context) error {
	_ = f.lock.Truncate(0) // the owner is alive: it is us
	_ = f.lock.Close()
	return f.take(ctx)
}

// version returns the major version of the data, 0 when there is none yet.
func (f *folder) version() (int, error) {
	b, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if err == nil {
		major, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			return 0, fmt.Errorf("read PG_VERSION in %s: %w", f.data(), err)
		}
		return major, nil
	}
	if _, there := os.Stat(f.data()); there == nil {
		return 0, fmt.Errorf("%s is there but is not a Postgres data folder; it is left as it is: give another folder", f.data())
	}
	return 0, nil
}

// prepare makes everything that the server needs before it can start, owned by whom it runs as.
func (f *folder) prepare(ctx context.Context, bin binaries, as identity, log *slog.Logger) error {
	f.as = as
	if err := as.reaches(f.path, bin.dir); err != nil {
		return err
	}
	if err := as.own(f.path); err != nil {
		return err
	}
	if err := f.makeSocketFolder(); err != nil {
		return err
	}
	if v, err := f.version(); err != nil || v > 0 {
		return err
	}
	log.Info("making a private postgres", "folder", f.path, "version", bin.version)
	return f.initdb(ctx, bin)
}

// placeSocket: a socket's path must stay under 107 bytes.
func (f *folder) placeSocket() {
	f.socket = filepath.Join(f.path, "run")
	if len(f.socket)+len("/.s.PGSQL.5432.lock") > 100 {
		sum := sha256.Sum256([]byte(f.path))
		f.socket = "/tmp/dossier-" + hex.EncodeToString(sum[:6])
		f.elsewhere = true
	}
}

// makeSocketFolder: it is the only guard of a server that trusts whoever reaches the socket.
func (f *folder) makeSocketFolder() error {
	if err := os.Mkdir(f.socket, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make socket folder: %w", err)
	}
	if err := f.as.own(f.socket); err != nil {
		return err
	}
	return f.as.onlyOurs(f.socket)
}

func (f *folder) lastWords() string {
	b, err := os.ReadFile(f.logPath())
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	return "  " + strings.ReplaceAll(lastLines(string(b), 12), "\n", "\n  ")
}

func (f *folder) close() {
	if f.lock != nil {
		_ = f.lock.Close()
	}
	if f.elsewhere {
		_ = os.RemoveAll(f.socket)
	}
	if f.temporary {
		_ = os.RemoveAll(f.path)
	}
}
