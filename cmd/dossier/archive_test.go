package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"dossier/internal/devstack"
)

const inEachPartition = 100

// history fills a stack whose partitions are small, and returns a dossier of the first one and the feed as it is.
func (d *dev) history(cases int) (first, feed string) {
	d.t.Helper()
	d.sql("create temporary table told as select * from journal.events;" + devstack.PartitionSQL(inEachPartition) + "; insert into journal.events select * from told order by position")
	first = d.submitted("first")
	must(d.t, "import", "xes", inventedLog(d.t, cases), "--mapping", mapping, "--data", d.folder)
	d.eventually("relay and views are through", func() error {
		_, ready, err := get(context.Background(), "http://"+d.cfg.HTTP.Addr+"/readyz")
		if err != nil || !strings.Contains(ready, fmt.Sprintf("sent to Kafka up to event %d", d.recorded())) {
			return errorf("readyz %s %v", ready, err)
		}
		if out, talk, code := program(d.t, "verify", "--data", d.folder); code != 0 || !strings.Contains(out, fmt.Sprintf("true at position %d of", d.recorded())) {
			return errorf("exit %d %s%s", code, out, talk)
		}
		return nil
	})
	return first, d.feed()
}

// feed is what integrators read of the positions that get archived.
func (d *dev) feed() string {
	d.t.Helper()
	return must(d.t, "events", "read", "--after", "0", "--limit", fmt.Sprint(3*inEachPartition), "--data", d.folder)
}

// parts says where the partitions live, the first first.
func (d *dev) parts() (where []string) {
	d.t.Helper()
	var parts []struct{ Where string }
	out := must(d.t, "archive", "list", "-o", "json", "--data", d.folder)
	if err := json.Unmarshal([]byte(out), &parts); err != nil {
		d.t.Fatalf("%v: %s", err, out)
	}
	for _, p := range parts {
		where = append(where, p.Where)
	}
	return where
}

func TestColdPartitionsMoveToFilesAndBackByHand(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	in := func(code int, args ...string) string {
		t.Helper()
		out, talk, got := program(t, append(args, "--data", d.folder)...)
		if got != code {
			t.Errorf("dossier %s: exit %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, talk)
		}
		return out + talk
	}
	is := func(want ...string) {
		t.Helper()
		if got := d.parts(); !slices.Equal(got, want) {
			t.Errorf("the parts live %v, want %v", got, want)
		}
	}
	for step, refused := range map[string]string{
		"detach": "archive: detach: refused: no partition is full and has events after it", "restore": "archive: restore: refused: nothing is archived",
		"drop": "archive: drop: refused: no detached partition is left in the database",
	} {
		if said := in(1, "archive", step); !strings.Contains(said, refused) {
			t.Errorf("%s of an empty journal: %s", step, said)
		}
	}
	first, feed := d.history(50) // 351 events, behind the rules that a stack begins with
	in(0, "archive", "detach")
	in(0, "archive", "detach")
	in(0, "archive", "drop")
	is("file", "detached", "attached", "attached", "attached", "attached")
	if d.feed() != feed {
		t.Error("the feed changed")
	}
	if said := in(0, "verify"); !strings.Contains(said, "200 of them from 2 file(s)") || !strings.Contains(said, "holds") {
		t.Error(said)
	}
	in(0, "do", first, "accept", "--as", "reception")
	in(0, "show", first)

	files, err := filepath.Glob(filepath.Join(d.cfg.ArchiveDir, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("archive files: %v, %v", files, err)
	}
	if err := os.Rename(files[1], files[1]+".away"); err != nil {
		t.Fatal(err)
	}
	if said := in(3, "verify"); !strings.Contains(said, files[1]) {
		t.Errorf("verify without a file: %s", said)
	}
	if said := in(1, "show", first); !strings.Contains(said, files[1]+" (positions 101 to 200)") {
		t.Errorf("show without a file: %s", said)
	}
	if red := d.readyz(); !strings.Contains(red, "archive file") || !strings.Contains(red, filepath.Base(files[1])) || !strings.Contains(red, "ARCHIVE_DIR") {
		t.Errorf("readyz: %q", red)
	}
	if err := os.Rename(files[1]+".away", files[1]); err != nil {
		t.Fatal(err)
	}
	d.eventually("everything is green again", func() error { // the timekeeper read the file too, and looks again within moments
		if red := d.readyz(); red != "" {
			return errors.New(red)
		}
		return nil
	})
	in(0, "archive", "restore")
	in(0, "archive", "restore")
	is("attached", "attached", "attached", "attached", "attached", "attached")
	if said := in(0, "verify"); d.feed() != feed || !strings.Contains(said, "holds") {
		t.Error(said)
	}
}

// hold keeps a transaction open that somebody has to wait for.
func (d *dev) hold(statement string) (release func()) {
	d.t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, d.cfg.Database.AdminURL)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := c.Exec(ctx, "begin; "+statement); err != nil {
		d.t.Fatal(err)
	}
	return func() { _ = c.Close(ctx) }
}

// ownerWaits says that a session of the owner's role waits for another's lock.
func (d *dev) ownerWaits() error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, d.cfg.Database.AdminURL)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	var waits bool
	err = c.QueryRow(ctx, `select exists (select from pg_stat_activity where usename = current_user and wait_event_type = 'Lock')`).Scan(&waits)
	if err == nil && !waits {
		err = errorf("nobody waits")
	}
	return err
}

// A step is held up by somebody's lock where it hurts most, and killed -9 there: every event is readable then and there, commands go
// on, and the same step run again ends what was begun.
func TestKill9OfAnArchiveCommandAnywhereLeavesEveryEventReadable(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	_, feed := d.history(50)
	for i, kill := range []struct{ when, lock, step, left, after string }{
		{"the file is there and nothing is recorded", "lock table journal.segments in exclusive mode", "detach", "attached", "detached"},
		{"the table is to go", "select from journal.events_p000000000000001", "drop", "detached", "file"},
		{"it is recorded and half detached", "select from journal.events_p000000000000101", "detach", "detaching", "detached"},
		{"the rows are back and not attached", "lock table journal.archived_streams in exclusive mode", "restore", "detached", "attached"},
	} {
		part := min(i/2, 1)
		release := d.hold(kill.lock)
		step := command("archive", kill.step, "--data", d.folder)
		if err := step.Start(); err != nil {
			t.Fatal(err)
		}
		d.eventually(kill.when, d.ownerWaits)
		if err := step.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = step.Wait()
		if got := d.parts()[part]; got != kill.left {
			t.Errorf("%s: the part lives %s, want %s", kill.when, got, kill.left)
		}
		if d.feed() != feed {
			t.Errorf("%s: the feed changed", kill.when)
		}
		d.submitted(fmt.Sprint("meanwhile-", i))
		if out, talk, code := program(t, "verify", "--data", d.folder); code != 0 {
			t.Errorf("%s: verify: exit %d %s%s", kill.when, code, out, talk)
		}
		release()
		d.eventually(kill.when+": run again, it ends", func() error { // the killed one's session may still be ending it
			if got := d.parts()[part]; got == kill.after {
				return nil
			}
			out, talk, code := program(t, "archive", kill.step, "--data", d.folder)
			return errorf("exit %d %s%s", code, out, talk)
		})
		if d.feed() != feed {
			t.Errorf("%s, then again: the feed changed", kill.when)
		}
	}
	if got := d.parts(); !slices.Equal(got[:3], []string{"file", "attached", "attached"}) {
		t.Errorf("in the end the parts live %v", got)
	}
	must(t, "verify", "--data", d.folder)
}
