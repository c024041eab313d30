package devstack

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// initdb makes the data beside its place and moves it there whole: a run killed in the middle leaves nothing half made.
func (f *folder) initdb(ctx context.Context, bin binaries) error {
	fresh := f.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("clear %s: %w", fresh, err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", fresh, err)
	}
	if err := f.as.own(fresh); err != nil {
		return err
	}
	out, err := f.runInitdb(ctx, bin, fresh, "C.UTF-8")
	if err != nil && strings.Contains(out, "locale") { // macOS knows no C.UTF-8
		_ = emptyFolder(fresh)
		out, err = f.runInitdb(ctx, bin, fresh, "C")
	}
	if err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Rename(fresh, f.data())
}

// runInitdb trusts whoever reaches the socket: the folder it is in lets in its owner only. Over TCP nobody is let in.
func (f *folder) runInitdb(ctx context.Context, bin binaries, dir, locale string) (string, error) {
	cmd := exec.CommandContext(ctx, bin.tool("initdb"), "--no-sync", "--username="+Superuser, "--encoding=UTF8",
		"--locale="+locale, "--auth-local=trust", "--auth-host=reject", "--pgdata="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env, cmd.Dir = cleanEnv(), "/"
	cmd.SysProcAttr = f.as.attr()
	err := cmd.Run()
	return out.String(), err
}

func emptyFolder(dir string) error {
	names, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := os.RemoveAll(filepath.Join(dir, n.Name())); err != nil {
			return err
		}
	}
	return nil
}

// cleanEnv keeps the caller's PGDATA, PGPORT and the like away from a server that is not his.
func cleanEnv() []string {
	env := []string{"LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// command is the server, ready to start: in a session of its own, so that Ctrl-C reaches us first and we end in order.
func (p *Postgres) command(log *os.File) *exec.Cmd {
	cmd := exec.Command(p.bin.tool("postgres"), p.arguments()...)
	cmd.Env, cmd.Dir = cleanEnv(), "/"
	cmd.ExtraFiles = []*os.File{p.folder.lock}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = p.folder.as.attr()
	cmd.SysProcAttr.Setsid = true
	dieWithParent(cmd.SysProcAttr)
	return cmd
}

func (p *Postgres) arguments() []string {
	args := []string{"-D", p.folder.data(), "-k", p.folder.socket, "-p", "5432"}
	for _, s := range p.settings() {
		args = append(args, "-c", s)
	}
	return args
}

func (p *Postgres) settings() []string {
	connections := p.options.MaxConnections
	if connections == 0 {
		connections = 700
	}
	s := []string{
		"listen_addresses=",
		"max_connections=" + strconv.Itoa(connections),
		"max_locks_per_transaction=128", // partitions
		"shared_buffers=128MB",
		"max_wal_size=1GB",
		"wal_level=minimal",
		"max_wal_senders=0",
		"jit=off",
		"timezone=UTC",
		"log_timezone=UTC",
		"log_min_messages=warning",
		"cluster_name=dossier",
		"update_process_title=off",
	}
	if !p.options.Durable {
		s = append(s, "fsync=off", "full_page_writes=off")
	}
	return append(s, p.options.Settings...)
}

// openLog starts a new log when the old one has grown beyond 10 MB.
func openLog(path string) (*os.File, error) {
	if i, err := os.Stat(path); err == nil && i.Size() > 10<<20 {
		_ = os.Rename(path, path+".old")
	}
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}
