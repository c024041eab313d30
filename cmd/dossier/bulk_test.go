package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type bulkItem struct{ ID, Outcome, Code, Undo string }

func itemsOf(t *testing.T, out string) (items []bulkItem) {
	t.Helper()
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var i bulkItem
		if err := json.Unmarshal([]byte(line), &i); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		items = append(items, i)
	}
	return items
}

func batchOf(t *testing.T, out string) (b struct {
	ID, Phase        string
	Total, Processed int
	Counts           map[string]int
	Undo             struct{ Counts map[string]int }
}) {
	t.Helper()
	if err := json.Unmarshal([]byte(strings.TrimSpace(out)), &b); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return b
}

func TestABatchIsPlannedTriedRunAndTakenBackOnTheCommandLine(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	on := func(args ...string) string {
		t.Helper()
		return must(t, append(args, "--data", d.folder)...)
	}
	var lines []string
	for i := range 4 {
		var receipts []struct{ ID, Code string }
		out := on("submit", "-o", "json", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")
		if err := json.Unmarshal([]byte(out), &receipts); err != nil {
			t.Fatal(err)
		}
		if i < 3 {
			on("do", receipts[0].ID, "accept", "--as", "reception")
		}
		lines = append(lines, receipts[0].ID)
		if i == 0 {
			d.eventually("the code is found", func() error {
				if out, _, code := program(t, "show", receipts[0].Code, "--data", d.folder); code != 0 {
					return errorf("%s", out)
				}
				return nil
			})
			lines[0] = receipts[0].Code + "   # by its code"
		}
	}
	file := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := batchOf(t, on("bulk", "plan", "forward", "--ids", file, "--set", "unit=animal-health", "--as", "reception", "-o", "jsonl"))
	if b.Phase != "planned" || b.Total != 4 {
		t.Fatalf("%+v", b)
	}
	outcomes := func(items []bulkItem) (list []string) {
		for _, i := range items {
			list = append(list, strings.TrimSpace(i.Outcome+" "+i.Code))
		}
		return list
	}
	want := []string{"done", "done", "done", "refused wrong_state"}
	before := d.recorded()
	if got := outcomes(itemsOf(t, on("bulk", "dry-run", b.ID, "-o", "jsonl"))); !slices.Equal(got, want) || d.recorded() != before {
		t.Errorf("dry run %q", got)
	}
	if out := on("bulk", "dry-run", b.ID, "--outcome", "refused"); !strings.Contains(out, "wrong_state") || !strings.Contains(out, "done 3, refused 1") {
		t.Errorf("as a table: %s", out)
	}
	if out, talk, code := program(t, "bulk", "run", b.ID, "--as", "clerk", "--data", d.folder); code != 1 || !strings.Contains(talk, "not_your_batch") || !strings.Contains(talk, "vi: ") {
		t.Errorf("run by another: exit %d, %s%s", code, out, talk)
	}
	if b := batchOf(t, on("bulk", "run", b.ID, "--as", "reception", "-o", "jsonl")); b.Phase != "finished" || b.Counts["done"] != 3 || b.Counts["refused"] != 1 {
		t.Errorf("run: %+v", b)
	}
	if got := outcomes(itemsOf(t, on("bulk", "show", b.ID, "-o", "jsonl"))); !slices.Equal(got, want) {
		t.Errorf("shown %q", got)
	}
	if out := on("bulk", "show", b.ID, "-o", "csv"); strings.Count(out, "\n") != 5 {
		t.Errorf("as csv: %s", out)
	}
	undo := []string{"bulk", "undo", b.ID, "--as", "reception", "--reason", "wrong_content", "--data", d.folder}
	if out, talk, code := program(t, undo...); code != 1 || !strings.Contains(talk, "consequences_not_seen") || !strings.Contains(talk, "unit_told") {
		t.Errorf("unseen: exit %d, %s%s", code, out, talk)
	}
	if out := must(t, append(undo, "--dry-run")...); !strings.Contains(out, "taken_back 3, untouched 1") || !strings.Contains(out, "unit_told") {
		t.Errorf("what would be taken back: %s", out)
	}
	if b := batchOf(t, must(t, append(undo, "--seen", "unit_told", "-o", "jsonl")...)); b.Phase != "compensated" || b.Undo.Counts["taken_back"] != 3 {
		t.Errorf("taken back: %+v", b)
	}
	if out := must(t, "verify", "--data", d.folder); !strings.Contains(out, "holds") {
		t.Error(out)
	}
}

func TestABulkCommandThatIsWrongSaysWhat(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("# nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"bulk plan":                                  "say which command",
		"bulk plan approve --ids no-such-file":       "no-such-file",
		"bulk plan approve --ids " + empty:           "names no dossier",
		"bulk plan approve --filter colour=red":      "k one of applicant, channel",
		"bulk plan approve --filter status":          "say k=v",
		"bulk plan approve --filter status=sleeping": "status",
		"bulk run 7":                         "say which batch",
		"bulk undo 7":                        "reason",
		"bulk undo 7 --reason wrong_content": "say which batch",
		"bulk shw":                           `Did you mean "show"`,
		"bulk run --stop-after-refusals x 7": "stop-after-refusals",
	} {
		code, _, stderr := here(nil, strings.Fields(line)...)
		if code != 2 || !strings.Contains(stderr, want) {
			t.Errorf("dossier %s: exit %d, %q lacks %q", line, code, stderr, want)
		}
	}
}

// The process that runs a batch is killed -9 again and again; run again, or gone on with by the stack, every dossier has its act once.
func TestKill9DuringABatchLosesAndRepeatsNothing(t *testing.T) {
	long(t)
	t.Parallel()
	const items = 600
	d := startDev(t, "--empty")
	log := inventedLog(t, items)
	must(t, "import", "xes", log, "--mapping", mapping, "--data", d.folder)
	d.eventually("all are listed", func() error {
		var page struct {
			Total int `json:"total"`
		}
		if status, body := d.get("auditor", "/v1/dossiers?limit=1", &page); page.Total != items {
			return errorf("%d %s", status, body)
		}
		return nil
	})
	before := d.ofDossiers()
	b := batchOf(t, must(t, "bulk", "plan", "add-note", "--filter", "status=resolved", "--set", "topic=other", "--any-version", "--as", "reception", "-o", "jsonl", "--data", d.folder))
	if b.Total != items {
		t.Fatalf("%+v", b)
	}
	for round := range 3 {
		run := command("bulk", "run", b.ID, "--as", "reception", "--data", d.folder)
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		d.eventually("the batch is under way", func() error {
			if n := d.ofDossiers() - before; n < (round+1)*items/5 {
				return errorf("%d items", n)
			}
			return nil
		})
		_ = run.Process.Kill()
		_ = run.Wait()
		if round == 1 { // the stack as well, with its reactor
			d.kill()
			d.start()
		}
	}
	if b := batchOf(t, must(t, "bulk", "run", b.ID, "--as", "reception", "-o", "jsonl", "--data", d.folder)); b.Phase != "finished" || b.Counts["done"] != items {
		t.Errorf("%+v", b)
	}
	if n := d.ofDossiers() - before; n != items {
		t.Errorf("%d notes on %d dossiers", n, items)
	}
	if n := d.number("select count(distinct stream_id) from journal.events where type = 'dossier.note-added'"); n != items {
		t.Errorf("%d dossiers have a note", n)
	}
	if out := must(t, "verify", "--data", d.folder); !strings.Contains(out, "holds") {
		t.Error(out)
	}
}
