package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var errorf = fmt.Errorf

// inventedLog writes a log of n cases in the shape of the real one.
func inventedLog(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><log xes.version="1.0" xmlns="http://www.xes-standard.org/">` + "\n")
	for i := range n {
		fmt.Fprintf(&b, `<trace><string key="concept:name" value="case-%d"/><string key="channel" value="Internet"/><string key="department" value="General"/><string key="responsible" value="Resource01"/>`, i)
		fmt.Fprintf(&b, `<date key="startdate" value="2011-10-11T08:00:00.000+02:00"/><date key="deadline" value="2011-12-06T08:00:00.000+01:00"/><date key="enddate" value="2011-10-20T08:00:00.000+02:00"/>`)
		for e, activity := range []string{"Confirmation of receipt", "T06 Determine necessity of stop advice", "T02 Check confirmation of receipt", "T10 Determine necessity to stop indication"} {
			fmt.Fprintf(&b, `<event><string key="concept:name" value="%s"/><string key="org:resource" value="Resource02"/><string key="org:group" value="Group 1"/><string key="lifecycle:transition" value="complete"/><string key="concept:instance" value="task-%d-%d"/><date key="time:timestamp" value="2011-10-1%dT09:00:00.000+02:00"/></event>`, activity, i, e, e+2)
		}
		b.WriteString("</trace>\n")
	}
	b.WriteString("</log>\n")
	file := filepath.Join(t.TempDir(), "invented.xes")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const mapping = "../../docs/examples/receipt.yaml"

// Three times the whole stack is killed -9 in the middle of an import, started again and the import run again: the totals are
// those of an undisturbed run, and everything verifies.
func TestKill9DuringAnImportLosesNothing(t *testing.T) {
	long(t)
	t.Parallel()
	const cases, perCase = 250, 7
	log := inventedLog(t, cases)
	d := startDev(t, "--empty")
	for round := range 3 {
		importing := command("import", "xes", log, "--mapping", mapping, "--data", d.folder)
		if err := importing.Start(); err != nil {
			t.Fatal(err)
		}
		atLeast := (round + 1) * cases * perCase / 5
		d.eventually("the import is under way", func() error {
			if n := d.recorded(); n < atLeast {
				return errorf("%d events", n)
			}
			return nil
		})
		d.kill()
		_ = importing.Wait()
		d.start()
	}
	must(t, "import", "xes", log, "--mapping", mapping, "--data", d.folder)
	if out := must(t, "import", "xes", log, "--mapping", mapping, "--data", d.folder); !strings.Contains(out, "(0 new)") {
		t.Errorf("a repeated import added something:\n%s", out)
	}
	if n := d.ofDossiers(); n != cases*perCase {
		t.Errorf("%d events recorded, want %d", n, cases*perCase)
	}
	if out := must(t, "verify", "--data", d.folder); !strings.Contains(out, "holds") {
		t.Error(out)
	}
}

// The private Postgres is killed -9 while commands come in: what was acknowledged is there, the stack recovers by itself.
func TestKill9OfThePrivatePostgresLosesNoAcknowledgedCommand(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	acknowledged := 0
	submit := func(key string) bool {
		_, _, code := program(t, "submit", "--data", d.folder, "--key", key, "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")
		return code == 0
	}
	for i := range 2 {
		if submit("before-" + strconv.Itoa(i)) {
			acknowledged++
		}
		pid, err := postmaster(d.folder)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		d.eventually("commands are taken again", func() error {
			if !submit("after-" + strconv.Itoa(i)) {
				return errorf("refused")
			}
			return nil
		})
		acknowledged++
	}
	if n := d.ofDossiers(); n != acknowledged {
		t.Errorf("%d recorded, %d acknowledged", n, acknowledged)
	}
	d.eventually("everything verifies", func() error {
		if out, talk, code := program(t, "verify", "--data", d.folder); code != 0 {
			return errorf("exit %d %s%s", code, out, talk)
		}
		return nil
	})
}

// recorded is the journal's head, 0 while the database is away.
func (d *dev) recorded() int {
	return d.number("select coalesce(max(position), 0) from journal.events")
}

// ofDossiers is how many events of dossiers are recorded: a stack begins with its calendars.
func (d *dev) ofDossiers() int {
	return d.number("select count(*) from journal.events where stream_kind = 'dossier'")
}

func (d *dev) number(sql string) (n int) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, d.cfg.Database.AdminURL)
	if err != nil {
		return 0
	}
	defer c.Close(ctx)
	if c.QueryRow(ctx, sql).Scan(&n) != nil {
		return 0
	}
	return n
}

// sql runs statements as the superuser.
func (d *dev) sql(statements string) {
	d.t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, d.cfg.Database.AdminURL)
	if err != nil {
		d.t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, statements); err != nil {
		d.t.Fatal(err)
	}
}

// postmaster reads the server's process id.
func postmaster(folder string) (int, error) {
	files, _ := filepath.Glob(filepath.Join(folder, "postgres", "*", "postmaster.pid"))
	if len(files) != 1 {
		return 0, errorf("postmaster.pid: %v", files)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return strconv.Atoi(first)
}
