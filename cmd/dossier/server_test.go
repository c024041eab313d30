package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
	"dossier/internal/devstack"
)

// both runs a read on the database and against the server, as the same account, and wants the same to be said.
func (d *dev) both(t *testing.T, as string, args ...string) string {
	t.Helper()
	local := append(slices.Clone(args), "--data", d.folder, "--as", as)
	if as == "" { // nobody is asked for
		as, local = "auditor", local[:len(local)-2]
	}
	code, want, talk := here(nil, local...)
	if code != 0 && code != exitCheck {
		t.Fatalf("dossier %s: exit %d %s", strings.Join(args, " "), code, talk)
	}
	remote, got, talk := here(nil, append(slices.Clone(args), d.server(as)...)...)
	if remote != code || got != want {
		t.Errorf("dossier %s: against the server exit %d\n%s%s\non the database exit %d\n%s", strings.Join(args, " "), remote, got, talk, code, want)
	}
	return want
}

func (d *dev) server(as string) []string {
	return []string{"--server", "http://" + d.cfg.HTTP.Addr, "--token", "dev:" + as}
}

// Not beside others: the demo takes its time.
func TestEachReadSaysTheSameOnTheDatabaseAndAgainstAServer(t *testing.T) {
	long(t)
	d := startDev(t)
	var page struct {
		Total int
		Items []struct {
			ID, Status string
			Code       *string
		}
	}
	d.eventually("the demo dossiers are listed", func() error {
		if status, body := d.get("auditor", "/v1/dossiers?limit=300", &page); page.Total != demoDossiers {
			return errorf("%d %s", status, body)
		}
		return nil
	})
	one := map[string]string{} // of each status
	for _, i := range page.Items {
		if _, again := one[i.Status]; again || len(one) == 4 {
			continue
		}
		if one[i.Status] = i.ID; i.Code != nil {
			one[i.Status] = *i.Code
		}
	}
	if len(one) < 4 {
		t.Fatalf("the demo has dossiers in %d states only", len(one))
	}
	head := "@" + strconv.Itoa(d.recorded())
	for _, id := range one {
		for _, o := range []string{"table", "json"} {
			if out := d.both(t, "auditor", "show", id, "-o", o); len(out) < 100 {
				t.Errorf("show says %q", out)
			}
		}
		d.both(t, "auditor", "show", id, "--version", "1", "-o", "json")
		d.both(t, "auditor", "show", id, "--at", time.Now().Format(time.DateOnly), "--known-at", head)
		d.both(t, "auditor", "history", id)
		d.both(t, "auditor", "history", id, "-o", "jsonl")
		d.both(t, "auditor", "deadline", id)
		d.both(t, "auditor", "deadline", id, "-o", "json")
		d.both(t, "auditor", "receipt", id)
		d.both(t, "auditor", "receipt", id, "-o", "json")
		d.both(t, "fees", "fee", id)
		d.both(t, "fees", "fee", id, "-o", "json")
		d.both(t, "officer-1", "words", id, "-o", "json")
		d.both(t, "reception", "earlier", id)
		d.both(t, "auditor", "access", "of", id)
		d.both(t, "lead", "timers", "list", "--dossier", id, "-o", "json")
	}
	d.both(t, "auditor", "results", "list", "-o", "json")
	d.both(t, "auditor", "results", "list", "--verdict", "valid", "--limit", "2")
	d.both(t, "auditor", "access", "list", "-o", "json")
	d.both(t, "auditor", "access", "list", "--limit", "7")
	for _, o := range []string{"table", "json"} {
		d.both(t, "", "procedures", "list", "-o", o)
		d.both(t, "", "procedures", "show", "vet-practice-cert-renew", "-o", o)
		d.both(t, "", "procedures", "show", "vet-practice-cert-renew", "--version", "1", "-o", o)
		d.both(t, "", "calendars", "list", "-o", o)
		d.both(t, "", "calendars", "show", "vn", "-o", o)
		d.both(t, "", "organisation", "show", "-o", o)
		d.both(t, "", "organisation", "show", "--all", "-o", o)
		d.both(t, "", "calendars", "count", "vn", "2026-11-20 10:00", "3.working_day", "-o", o)
		d.both(t, "", "calendars", "count", "vn", "2026-11-20 10:00", "12.working_hour", "--policy", "from_instant", "-o", o)
		d.both(t, "", "calendars", "count", "vn", "2031-12-30 10:00", "3.working_day", "--version", "1", "-o", o)
		d.both(t, "", "sandbox", "list", "-o", o)
		if out := d.both(t, "lead", "timers", "list", "--limit", "500", "-o", o); strings.Count(out, "\n") < 20 {
			t.Errorf("timers: %s", out)
		}
		d.both(t, "lead", "timers", "list", "--kind", "processing", "--within", "48h", "-o", o)
		d.both(t, "approver", "procedures", "move", "vet-practice-cert-renew", "--from", "1", "--to", "1", "-o", o)
		d.both(t, "admin", "session", "list", "-o", o)
	}
	d.both(t, "", "procedures", "draw", "vet-practice-cert-renew", "--lang", "en")
	d.both(t, "", "procedures", "schema", "vet-practice-cert-renew", "--version", "1")
	forms := filepath.Join(t.TempDir(), "forms.json")
	if err := os.WriteFile(forms, []byte(`{"application": {"owner_name": "Nguyễn Văn A", "owner_id": "001099000001"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	d.both(t, "", "procedures", "facts", "vet-practice-cert-renew", forms)
	d.both(t, "", "organisation", "show", "--at", "2026-01-31", "--known-at", head)
	if out := d.both(t, "auditor", "events", "read"); strings.Count(out, "\n") < 1000 {
		t.Errorf("only %d events were read", strings.Count(out, "\n"))
	}
	d.both(t, "auditor", "events", "read", "--after", "40", "--limit", "3")
}

func TestTheSameIsDoneAndRefusedAgainstAServer(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	on := func(as string, args ...string) (int, string, string) {
		return here(nil, append(args, d.server(as)...)...)
	}
	file := filepath.Join(t.TempDir(), "new.json")
	if err := os.WriteFile(file, []byte(`{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"applicant-1","with":["vet-drug-trade-cert"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	code, group, talk := on("applicant-1", "submit", "-f", file, "-o", "jsonl", "--key", "two-at-once")
	if code != 0 || strings.Count(group, "\n") != 2 {
		t.Fatalf("a reception of two: exit %d %s%s", code, group, talk)
	}
	if _, again, _ := on("applicant-1", "submit", "-f", file, "-o", "jsonl", "--key", "two-at-once"); again != group {
		t.Errorf("the same key again says %s, first it said %s", again, group)
	}
	submit := []string{"submit", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1", "-o", "json", "--key", "k1"}
	code, out, talk := on("applicant-1", submit...)
	var receipts []struct{ ID string }
	if err := json.Unmarshal([]byte(out), &receipts); err != nil || len(receipts) != 1 {
		t.Fatalf("exit %d: %v: %s%s", code, err, out, talk)
	}
	id := receipts[0].ID
	if code, out, talk := on("reception", "do", id, "accept"); code != 0 || !strings.Contains(out, id) {
		t.Fatalf("accept: exit %d %s%s", code, out, talk)
	}
	before := d.recorded()
	for _, refused := range [][]string{
		{"approver", "do", id, "approve", "--if-version", "2", "--set", "outcome=grant"},
		{"approver", "do", id, "approve", "--set", "outcome=grant"},
		{"applicant-1", "do", id, "accept"},
		{"reception", "do", id, "request-supplement", "--set", "reason=missing"},
		{"reception", "do", id, "no-such-command"},
		{"applicant-2", "show", id},
		{"admin", "show", id},
		{"head", "access", "list"},
		{"applicant-1", "timers", "list"},
		{"lead", "timers", "list", "--dossier", "000.00.00.H00-000000-0001"},
		{"head", "calendars", "publish", "vn"},
		{"head", "procedures", "withdraw", "vet-practice-cert-renew", "--decision", "1/QĐ", "--decided-on", "2026-01-01", "--from", "2099-01-01"},
		{"catalogue", "procedures", "withdraw", "no-such-procedure", "--decision", "1-QD", "--decided-on", "2026-01-01", "--from", "2099-01-01"},
		{"head", "procedures", "publish", "vet-practice-cert-renew"},
		{"clerk", "procedures", "move", "vet-practice-cert-renew", "--from", "1", "--to", "1"},
		{"approver", "procedures", "move", "vet-practice-cert-renew", "--from", "1", "--to", "7"},
		{"head", "sandbox", "reset", "sandbox"},
		{"head", "till", "receipt", "BL26A", "1"},
		{"fees", "till", "receipt", "BL26A", "1"},
		{"admin", "signature", "verify", "--file", file, "--signature", file},
		{"auditor", "show", "000.00.00.H00-000000-0001"},
		{"auditor", "history", "8437f264-c0db-5423-a061-1f2311721ae7"},
		{"applicant-1", "submit", "--set", "procedure=no-such-procedure", "--set", "channel=online", "--set", "applicant=applicant-1"},
	} {
		as, args := refused[0], refused[1:]
		code, _, want := here(nil, append(slices.Clone(args), "--data", d.folder, "--as", as)...)
		remote, _, got := on(as, slices.Clone(args)...)
		if code != 1 || remote != 1 || explained(got) != explained(want) || !strings.Contains(got, "vi: ") && !strings.Contains(got, "dossier procedures show") {
			t.Errorf("dossier %s as %s: on the database exit %d\n%sagainst the server exit %d\n%s", strings.Join(args, " "), as, code, want, remote, got)
		}
	}
	if d.recorded() != before {
		t.Error("what was refused changed something")
	}
	if code, _, talk := on("approver", "do", id, "approve", "--if-version", "1", "--set", "outcome=grant"); code != 1 || !strings.Contains(talk, "stale") {
		t.Errorf("an old version: exit %d %s", code, talk)
	}
}

// asked is a server, of which things are asked in the name of an account.
type asked struct {
	*testing.T
	*dev
}

func (a asked) on(as string, args ...string) string {
	a.Helper()
	code, out, talk := here(nil, append(args, a.server(as)...)...)
	if code != 0 {
		a.Fatalf("dossier %s: exit %d %s", strings.Join(args, " "), code, talk)
	}
	return out
}

func (a asked) off(as string, args ...string) (int, string) {
	a.Helper()
	code, _, talk := here(nil, append(args, a.server(as)...)...)
	return code, talk
}

func (a asked) filed() string {
	a.Helper()
	var receipts []struct{ ID string }
	if err := json.Unmarshal([]byte(a.on("applicant-1", "submit", "-o", "json", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")), &receipts); err != nil {
		a.Fatal(err)
	}
	return receipts[0].ID
}

func TestWhatIsDoneAgainstAServerIsThereOnTheDatabase(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	for _, what := range []struct {
		name string
		done func(asked)
	}{{"persons", personsAtAServer}, {"keys", keysAtAServer}, {"rules", rulesAtAServer}, {"the organisation", organisationAtAServer}, {"money", moneyAtAServer}, {"many dossiers", batchesAtAServer}, {"a move", moveAtAServer}} {
		t.Run(what.name, func(t *testing.T) { what.done(asked{t, d}) })
	}
}

func personsAtAServer(a asked) {
	a.on("reception", "person", "register", "nguoi-nop-9", "--name", "Nguyễn Văn Chín", "--id-number", "001099000009", "--key", "p9")
	a.on("reception", "person", "correct", "nguoi-nop-9", "--name", "Nguyễn Văn Chính", "--reason", "spelling")
	if out := a.both(a.T, "reception", "person", "show", "nguoi-nop-9", "-o", "json"); !strings.Contains(out, "Chính") {
		a.Errorf("shown %s", out)
	}
	a.both(a.T, "reception", "person", "find", "--name", "chinh")
	a.on("reception", "person", "mandate", "nguoi-nop-9", "--to", "nguoi-nop-1", "--until", "2030-01-01", "--procedure", "vet-practice-cert-renew")
	a.on("reception", "person", "end-mandate", "nguoi-nop-9", "1", "--reason", "withdrawn")
	a.on("reception", "person", "ask", "nguoi-nop-9", "--wish", "erase")
	a.on("head", "person", "answer", "nguoi-nop-9", "1", "--answer", "granted")
	a.on("head", "person", "extend", "nguoi-nop-9", "1", "--reason", "many-copies")
	a.on("head", "person", "done", "nguoi-nop-9", "1")
	if out := a.both(a.T, "reception", "person", "standing", "nguoi-nop-9"); !strings.Contains(out, "done") || !strings.Contains(out, "ended on") {
		a.Errorf("it stands %s", out)
	}
	a.both(a.T, "reception", "person", "prefill", "nguoi-nop-9", "--procedure", "vet-practice-cert-renew")
	a.on("head", "person", "erase", "nguoi-nop-9", "--decision", "7-QD", "--reason", "data-subject-request")
	if out := a.both(a.T, "reception", "person", "show", "nguoi-nop-9"); !strings.Contains(out, "erased by 7-QD") {
		a.Errorf("the certificate is not shown: %s", out)
	}
}

func keysAtAServer(a asked) {
	token := strings.TrimSpace(a.on("admin", "key", "create", "--label", "portal", "--account", "auditor", "--role", "auditor", "--unit", "inspectorate", "--scope", "read,feed", "--days", "30"))
	prefix, _, _ := strings.Cut(strings.TrimPrefix(token, "dossier_"), "_")
	a.on("auditor", "key", "confirm", prefix)
	if code, out, talk := here(nil, "events", "read", "--limit", "1", "--server", "http://"+a.cfg.HTTP.Addr, "--token", token); code != 0 || strings.Count(out, "\n") != 1 {
		a.Errorf("with the new key: exit %d %s%s", code, out, talk)
	}
	if out := a.both(a.T, "admin", "key", "list"); !strings.Contains(out, prefix) {
		a.Errorf("listed %s", out)
	}
	a.on("admin", "key", "revoke", prefix)
	if code, _, talk := here(nil, "events", "read", "--server", "http://"+a.cfg.HTTP.Addr, "--token", token); code != 1 || !strings.Contains(talk, "DOSSIER_TOKEN") || strings.Contains(talk, token) {
		a.Errorf("with a revoked key: exit %d %s", code, talk)
	}
	a.on("admin", "subject", "link", "sub-7", "clerk")
	a.on("auditor", "subject", "confirm", "sub-7", "clerk")
	a.on("admin", "subject", "unlink", "sub-7")
	if out := a.on("admin", "session", "end", "clerk"); !strings.Contains(out, "0 browsers") {
		a.Error(out)
	}
}

func rulesAtAServer(a asked) {
	hours := filepath.Join(a.TempDir(), "half-days.json")
	text := strings.NewReplacer(`"code": "nl"`, `"code": "half-days"`, `, "13:00-17:00"`, ``).Replace(string(calendar.Shipped()["nl"]))
	if err := os.WriteFile(hours, []byte(text), 0o600); err != nil {
		a.Fatal(err)
	}
	if out := a.on("catalogue", "calendars", "publish", hours); !strings.Contains(out, "half-days") {
		a.Errorf("published: %s", out)
	}
	a.both(a.T, "", "calendars", "show", "half-days")
	if out := a.both(a.T, "", "calendars", "count", "half-days", "2010-05-03 12:00", "2.working_hour"); !strings.Contains(out, "30 min") {
		a.Errorf("counted over the hours that the server knows: %s", out)
	}
	a.on("catalogue", "procedures", "publish", "cites-breeding-code-app23")
	a.on("catalogue", "procedures", "close", "vet-practice-cert-renew", "--unit", "one-stop", "--reason", "unit_not_ready", "--basis", "3/QĐ")
	a.both(a.T, "", "procedures", "show", "vet-practice-cert-renew")
	a.on("catalogue", "procedures", "open", "vet-practice-cert-renew", "--unit", "one-stop", "--reason", "resumed", "--basis", "4/QĐ", "-o", "json")
	wrong := filepath.Join(a.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, []byte("{\n\"id\": \"x\",\n\"moon\": 1}"), 0o600); err != nil {
		a.Fatal(err)
	}
	for _, args := range [][]string{{"catalogue", "procedures", "publish", wrong}, {"admin", "organisation", "apply", wrong}, {"catalogue", "calendars", "publish", wrong}} {
		code, _, want := here(nil, append(slices.Clone(args[1:]), "--data", a.folder, "--as", args[0])...)
		if remote, got := a.off(args[0], args[1:]...); remote != code || code != 3 || got != want || !strings.Contains(got, wrong+":3: moon") {
			a.Errorf("%v: on the database exit %d %s, against the server exit %d %s", args, code, want, remote, got)
		}
	}
}

func organisationAtAServer(a asked) {
	if out := a.on("admin", "organisation", "apply", "shipped", "--dry-run"); !strings.Contains(out, "nothing was changed") {
		a.Error(out)
	}
	a.on("admin", "organisation", "apply", "shipped")
	whole := filepath.Join(a.TempDir(), "whole.json")
	if err := os.WriteFile(whole, []byte(a.both(a.T, "", "organisation", "show", "--all", "-o", "json")), 0o600); err != nil {
		a.Fatal(err)
	}
	if out := a.on("admin", "organisation", "apply", whole, "--dry-run", "-o", "csv"); !strings.Contains(out, ",0\n") {
		a.Errorf("what is shown of all days changes something when it is applied: %s", out)
	}
	if code, talk := a.off("applicant-1", "organisation", "show", "--all"); code != 1 || !strings.Contains(talk, "not_allowed") {
		a.Errorf("all days for an applicant: exit %d %s", code, talk)
	}
	if out := a.on("admin", "sandbox", "reset", "sandbox", "--key", "anew"); !strings.Contains(out, "sandbox.2") {
		a.Errorf("reset: %s", out)
	}
	a.on("admin", "sandbox", "reset", "sandbox", "--key", "anew")
	if out := a.both(a.T, "", "sandbox", "list"); !strings.Contains(out, "sandbox.2") {
		a.Errorf("sent again, it resets once: %s", out)
	}
}

func moneyAtAServer(a asked) {
	a.on("fees", "till", "book", "issue", "BL1", "--first", "1", "--last", "9", "--holder", "fees")
	a.on("fees", "till", "book", "void", "BL1", "3", "--reason", "spoiled")
	a.on("fees", "till", "book", "hand", "BL1", "--to", "reception")
	a.on("fees", "till", "open", "--float", "1000")
	for _, o := range []string{"table", "json"} {
		a.both(a.T, "fees", "till", "book", "show", "BL1", "-o", o)
		a.both(a.T, "fees", "till", "show", "--officer", "fees", "-o", o)
	}
	if code, talk := a.off("fees", "till", "show"); code != 2 || !strings.Contains(talk, "--officer") {
		a.Errorf("whose till: exit %d %s", code, talk)
	}
	a.on("fees", "till", "close", "--counted", "900")
	a.on("fees", "money", "settle")
	if code, talk := a.off("fees", "money", "reconcile"); code != 3 || !strings.Contains(talk, "differences are not explained") {
		a.Errorf("a hundred short: exit %d %s", code, talk)
	}
	a.on("fees", "money", "explain", "till_difference:fees-"+today(), "--cause", "counting_error")
	a.both(a.T, "fees", "money", "reconcile")
	a.both(a.T, "fees", "money", "reconcile", "-o", "json")
}

func batchesAtAServer(a asked) {
	ids := []string{a.filed(), a.filed(), a.filed()}
	a.on("reception", "do", ids[0], "accept")
	a.on("reception", "do", ids[1], "accept")
	file := filepath.Join(a.TempDir(), "ids.txt")
	if err := os.WriteFile(file, []byte(strings.Join(ids, "\n")), 0o600); err != nil {
		a.Fatal(err)
	}
	b := batchOf(a.T, a.on("reception", "bulk", "plan", "forward", "--ids", file, "--set", "unit=animal-health", "-o", "jsonl"))
	a.both(a.T, "reception", "bulk", "dry-run", b.ID)
	if b := batchOf(a.T, a.on("reception", "bulk", "run", b.ID, "-o", "jsonl")); b.Phase != "finished" || b.Counts["done"] != 2 || b.Counts["refused"] != 1 {
		a.Errorf("run: %+v", b)
	}
	for _, o := range []string{"table", "json", "jsonl"} {
		a.both(a.T, "reception", "bulk", "show", b.ID, "-o", o)
	}
	a.both(a.T, "reception", "bulk", "undo", b.ID, "--reason", "wrong_content", "--dry-run")
	if code, talk := a.off("reception", "bulk", "undo", b.ID, "--reason", "wrong_content"); code != 1 || !strings.Contains(talk, "consequences_not_seen") {
		a.Errorf("unseen: exit %d %s", code, talk)
	}
	if b := batchOf(a.T, a.on("reception", "bulk", "undo", b.ID, "--reason", "wrong_content", "--seen", "unit_told", "-o", "jsonl")); b.Phase != "compensated" {
		a.Errorf("taken back: %+v", b)
	}
	f := batchOf(a.T, a.on("reception", "bulk", "plan", "forward", "--filter", "status=accepted", "--set", "unit=animal-health", "-o", "jsonl"))
	if f.Total != 2 {
		a.Errorf("by filter: %+v", f)
	}
}

func moveAtAServer(a asked) {
	move := []string{"procedures", "move", "vet-practice-cert-renew", "--from", "1", "--to", "2"}
	later := filepath.Join(a.TempDir(), "renewal.json")
	text := strings.NewReplacer(`"decision": "MAU/2026-11-22"`, `"decision": "2/QĐ"`, `"limits": [{"value": 3, `, `"limits": [{"value": 7, `).Replace(string(procedure.Shipped()["vet-practice-cert-renew"]))
	if err := os.WriteFile(later, []byte(text), 0o600); err != nil {
		a.Fatal(err)
	}
	id := a.filed()
	a.on("catalogue", "procedures", "publish", later)
	a.eventually("all that a move would touch are listed", func() error { return said(a.on("approver", move...), id) })
	if out := a.both(a.T, "approver", move...); !strings.Contains(out, "4 dossier(s) affected; nothing was changed") {
		a.Errorf("to be moved: %s", out)
	}
	before := a.recorded()
	if out := a.on("approver", append(move, "--ground", "transition_rule", "--basis", "nd-309-2026.5", "--yes", "--key", "m")...); !strings.Contains(out, "4 dossier(s) moved to version 2") {
		a.Errorf("moved: %s", out)
	}
	if n := a.recorded() - before; n != 4 {
		a.Errorf("%d events of a move of four", n)
	}
	if out := a.on("catalogue", "procedures", "withdraw", "vet-practice-cert-renew", "--decision", "9/QĐ", "--decided-on", "2026-11-01", "--from", "2099-01-01"); !strings.Contains(out, "2  ") {
		a.Errorf("withdrawn: %s", out)
	}
	if code, _, talk := here(nil, "procedures", "show", "vet-practice-cert-renew", "--at", "2099-01-02", "--data", a.folder); code != 1 || !strings.Contains(talk, "no such procedure") {
		a.Errorf("it is there after its last day: exit %d %s", code, talk)
	}
}

func TestAFileGoesToAServerAndBackInParts(t *testing.T) {
	t.Setenv("CLAMD_ADDR", devstack.TestClamd(t))
	d := startDev(t, "--empty")
	id := d.submitted("k")
	content := lettersPDF(9 << 20)
	paper := filepath.Join(t.TempDir(), "đơn.pdf")
	if err := os.WriteFile(paper, content, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, talk := here(nil, append([]string{"file", "add", id, paper, "--component", "tp-1", "-o", "csv"}, d.server("applicant-1")...)...)
	if code != 0 {
		t.Fatalf("add: exit %d %s", code, talk)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	file := strings.Split(lines[len(lines)-1], ",")[0]
	var code1 string
	d.eventually("its code is known", func() error {
		var row struct{ Code *string }
		if status, body := d.get("auditor", "/v1/dossiers/"+id, &row); row.Code == nil {
			return errorf("%d %s", status, body)
		} else {
			code1 = *row.Code
		}
		return nil
	})
	d.both(t, "reception", "file", "list", id)
	if out := d.both(t, "reception", "file", "list", code1, "-o", "json"); !strings.Contains(out, "đơn.pdf") {
		t.Errorf("by its code: %s", out)
	}
	back := filepath.Join(t.TempDir(), "back.pdf")
	if code, _, talk := here(nil, append([]string{"file", "get", file, "--out", back}, d.server("reception")...)...); code != 0 {
		t.Fatalf("get: exit %d %s", code, talk)
	}
	if got, err := os.ReadFile(back); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes came back, %v", len(got), err)
	}
}

// explained is what a refusal explains, without the name of what was being done.
func explained(talk string) string {
	_, said, _ := strings.Cut(talk, "dossier: ")
	return said
}

func TestWhatIsRecordedIsFollowedAgainstAServer(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, done := &talk{}, make(chan int, 1)
	go func() {
		done <- run(ctx, append([]string{"dossier", "events", "tail", "--after", "0"}, d.server("auditor")...), out, &strings.Builder{}, func(string) string { return "" })
	}()
	d.eventually("the tail has begun", func() error { return said(out.String(), "calendar.opened") })
	code, _, said1 := here(nil, append([]string{"submit", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1"}, d.server("applicant-1")...)...)
	if code != 0 {
		t.Fatal(said1)
	}
	d.eventually("the tail has the new dossier", func() error { return said(out.String(), "dossier.submitted") })
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("told to stop, it exits with %d", code)
	}
	_, all, _ := here(nil, append([]string{"events", "read"}, d.server("auditor")...)...)
	if all != out.String() {
		t.Errorf("followed\n%sread\n%s", out, all)
	}
}

func TestACommandLineAgainstAServerSaysWhatItCannot(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("dk_secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"verify --server http://127.0.0.1:1":                                                   "works on the database only",
		"projections list --server http://127.0.0.1:1":                                         "works on the database only",
		"show x --server http://127.0.0.1:1 --as auditor":                                      "the token says who acts",
		"show x --server http://dossier.example.vn --token dk_secret":                          "https",
		"show x --server ftp://dossier.example.vn":                                             "no address of a server",
		"show x --server http://127.0.0.1:1 --token dk_secret --token-file " + secret:          "not both",
		"show x --server http://127.0.0.1:1 --token-file /no/such/file":                        "read token",
		"show x --server https://user:pass@dossier.example.vn --token dk_secret":               "no address of a server",
		"show x --at yesterday --server http://127.0.0.1:1":                                    "--at",
		"events tail --server http://dossier.example.vn --token-file " + secret + " --after 0": "--insecure",
	} {
		code, out, talk := here(nil, strings.Fields(line)...)
		if code != 2 || !strings.Contains(talk, want) {
			t.Errorf("dossier %s: exit %d, %q lacks %q", line, code, talk, want)
		}
		if strings.Contains(out+talk, "dk_secret") || strings.Contains(out+talk, "pass") {
			t.Errorf("dossier %s tells a secret: %s%s", line, out, talk)
		}
	}
}

// overServerFrom is a command line without --as, behind the account that it acts as; not asked: one that no server answers, or that goes by a
// day: the clock of the script is set, and a running server follows it a moment later.
func overServerFrom(line []string) (rest []string, asked bool) {
	c, name, n := (&app{}).commands(), "dossier", 0
	for n < len(line) && len(c.Commands) > 0 {
		if c = c.Command(line[n]); c == nil {
			return nil, false
		}
		name, n = name+" "+line[n], n+1
	}
	account := ""
	for _, f := range c.Flags {
		switch f := f.(type) {
		case *cli.StringFlag:
			if f.Name == "as" {
				account = f.Value
			}
			if f.Name == "day" {
				return nil, false
			}
		}
	}
	rest = slices.Clone(line)
	if i := slices.Index(rest, "--as"); i > 0 {
		account = rest[i+1]
		rest = slices.Delete(rest, i, i+2)
	}
	if slices.Contains(line, "--disk") {
		return nil, false
	}
	return append([]string{or(account, "auditor")}, rest...), staysBecause(name) == ""
}

// The scripts of the documents say the same when a server is asked.
func TestTheScriptsOfTheDocumentsHoldAgainstAServer(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"money/day.txt", "archetypes/desk.txt"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("../../docs/examples/" + file)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{t: t, server: true}
			for n, line := range strings.Split(string(text), "\n") {
				s.at = file + ":" + strconv.Itoa(n+1)
				s.play(line)
			}
		})
	}
}

func TestEveryCommandLineIsInTheDocumentWithWhomItAsks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/client.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "| ") {
			rows = append(rows, line)
		}
	}
	row := func(short string) string {
		i := slices.IndexFunc(rows, func(line string) bool { return strings.Contains(line, "`"+short+"`") })
		if i < 0 {
			return ""
		}
		return rows[i]
	}
	for _, name := range leaves((&app{}).commands(), "") {
		words, stays := strings.Fields(name)[1:], staysBecause(name)
		found := row(strings.Join(words, " "))
		for n := len(words) - 1; n > 0 && found == ""; n-- { // in a group, such as `archive …`
			found = row(strings.Join(words[:n], " ") + " …")
		}
		switch {
		case found == "":
			t.Errorf("no table of docs/client.md names %q", name)
		case strings.HasPrefix(found, "| `") != (stays != "") || !strings.HasSuffix(found, stays+" |"):
			t.Errorf("docs/client.md does not say that %q asks a server, or why it does not: %q", name, stays)
		}
	}
}

// typedArgs is a command line with what stands behind its words.
func typedArgs(name, file string) []string {
	words := strings.TrimPrefix(name, "dossier ")
	id := "8437f264-c0db-5423-a061-1f2311721ae7"
	rest := strings.NewReplacer("BATCH", id, "ATTACHED", id, "ID", id, "FILE", file, "COMMAND", "accept").Replace(typed[words])
	return slices.Concat(strings.Fields(words), strings.Fields(rest))
}

// Where a server is named no command line looks for a database: it asks the server, or says why it does not.
func TestEachCommandLineAsksTheServerThatIsNamedOrSaysWhyNot(t *testing.T) {
	t.Parallel()
	var came atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		came.Add(1)
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"status":403,"code":"not_allowed","detail_vi":"Không","detail_en":"No"}`))
	}))
	defer server.Close()
	nowhere := t.TempDir()
	file := filepath.Join(nowhere, "ids.txt")
	if err := os.WriteFile(file, []byte("8437f264-c0db-5423-a061-1f2311721ae7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	asked, refused := 0, 0
	var look func(c *cli.Command, above string)
	look = func(c *cli.Command, above string) {
		name := above + c.Name
		for _, sub := range c.Commands {
			look(sub, name+" ")
		}
		if !finds(c) || name == "dossier dev" {
			if len(c.Commands) == 0 && staysBecause(name) == "" {
				t.Errorf("%q looks for no database and takes no --server: say in handlers/doors_cli.go why it stays", name)
			}
			return
		}
		came.Store(0)
		code, _, talk := here(nil, append(typedArgs(name, file), "--data", nowhere, "--server", server.URL)...)
		switch stays := staysBecause(name); {
		case stays != "":
			if refused++; code != exitUsage || !strings.Contains(talk, name+" works on the database only: "+stays) || came.Load() > 0 {
				t.Errorf("%s: exit %d, %d requests, %s", name, code, came.Load(), talk)
			}
		default:
			if asked++; code != exitFailed || !strings.Contains(talk, "refused (not_allowed)") || came.Load() == 0 {
				t.Errorf("%s: exit %d, %d requests, %s", name, code, came.Load(), talk)
			}
		}
	}
	look((&app{}).commands(), "")
	if asked < 70 || refused < 20 {
		t.Errorf("only %d ask a server, %d say why not", asked, refused)
	}
	t.Logf("%d ask a server, %d say why not", asked, refused)
}

// A shipped procedure that a server lacks is published there; what it has stays as it is.
func TestWhatAServerLacksOfTheShippedProceduresIsPublished(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	to, err := url.Parse("http://" + d.cfg.HTTP.Addr)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(to)
	lacking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/procedures/mother-tree-recognition" {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"status":404,"code":"no_procedure"}`))
			return
		}
		pass.ServeHTTP(w, r)
	}))
	defer lacking.Close()
	args := []string{"procedures", "publish", "--shipped"}
	if code, out, talk := here(nil, append(slices.Clone(args), "--server", lacking.URL, "--token", "dev:catalogue")...); code != 0 || !strings.Contains(out, "mother-tree-recognition  1 ") || !strings.Contains(out, "1 published, 53 were there before") {
		t.Errorf("one is lacking: exit %d %s%s", code, out, talk)
	}
	if out := d.both(t, "catalogue", args...); !strings.Contains(out, "0 published, 54 were there before") {
		t.Errorf("none is lacking: %s", out)
	}
}

func TestTheTokenGoesToTheServerAndNowhereElse(t *testing.T) {
	var came []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked elsewhere: %s", r.URL) }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came = append(came, r.Header.Get("Authorization"))
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	secret := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(secret, []byte("dk_secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOSSIER_SERVER", server.URL)
	t.Setenv("DOSSIER_TOKEN_FILE", secret)
	code, out, talk := here(nil, "show", "x")
	if code != 1 || len(came) != 1 || came[0] != "Bearer dk_secret" {
		t.Errorf("exit %d, came %q: %s", code, came, talk)
	}
	t.Setenv("DOSSIER_TOKEN", "dk_secret")
	_, help, _ := here(nil, "show", "--help")
	if strings.Contains(out+talk+help, "dk_secret") {
		t.Errorf("the token is told: %s%s%s", out, talk, help)
	}
	if !strings.Contains(help, "DOSSIER_SERVER") || !strings.Contains(help, "DOSSIER_TOKEN_FILE") {
		t.Errorf("the help does not name the environment: %s", help)
	}
}
