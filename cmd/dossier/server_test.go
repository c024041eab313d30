package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v3"

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
		{"auditor", "show", "000.00.00.H00-000000-0001"},
		{"auditor", "history", "8437f264-c0db-5423-a061-1f2311721ae7"},
		{"applicant-1", "submit", "--set", "procedure=no-such-procedure", "--set", "channel=online", "--set", "applicant=applicant-1"},
	} {
		as, args := refused[0], refused[1:]
		code, _, want := here(nil, append(slices.Clone(args), "--data", d.folder, "--as", as)...)
		remote, _, got := on(as, slices.Clone(args)...)
		if code != 1 || remote != 1 || explained(got) != explained(want) || !strings.Contains(got, "vi: ") {
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

func TestWhatIsDoneAgainstAServerIsThereOnTheDatabase(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	on := func(as string, args ...string) string {
		t.Helper()
		code, out, talk := here(nil, append(args, d.server(as)...)...)
		if code != 0 {
			t.Fatalf("dossier %s: exit %d %s", strings.Join(args, " "), code, talk)
		}
		return out
	}
	off := func(as string, args ...string) (int, string) {
		t.Helper()
		code, _, talk := here(nil, append(args, d.server(as)...)...)
		return code, talk
	}

	on("reception", "person", "register", "nguoi-nop-9", "--name", "Nguyễn Văn Chín", "--id-number", "001099000009", "--key", "p9")
	on("reception", "person", "correct", "nguoi-nop-9", "--name", "Nguyễn Văn Chính", "--reason", "spelling")
	if out := d.both(t, "reception", "person", "show", "nguoi-nop-9", "-o", "json"); !strings.Contains(out, "Chính") {
		t.Errorf("shown %s", out)
	}
	d.both(t, "reception", "person", "find", "--name", "chinh")
	on("reception", "person", "mandate", "nguoi-nop-9", "--to", "nguoi-nop-1", "--until", "2030-01-01", "--procedure", "vet-practice-cert-renew")
	on("reception", "person", "end-mandate", "nguoi-nop-9", "1", "--reason", "withdrawn")
	on("reception", "person", "ask", "nguoi-nop-9", "--wish", "erase")
	on("head", "person", "answer", "nguoi-nop-9", "1", "--answer", "granted")
	on("head", "person", "extend", "nguoi-nop-9", "1", "--reason", "many-copies")
	on("head", "person", "done", "nguoi-nop-9", "1")
	if out := d.both(t, "reception", "person", "standing", "nguoi-nop-9"); !strings.Contains(out, "done") || !strings.Contains(out, "ended on") {
		t.Errorf("it stands %s", out)
	}
	d.both(t, "reception", "person", "prefill", "nguoi-nop-9", "--procedure", "vet-practice-cert-renew")
	on("head", "person", "erase", "nguoi-nop-9", "--decision", "7-QD", "--reason", "data-subject-request")
	if out := d.both(t, "reception", "person", "show", "nguoi-nop-9"); !strings.Contains(out, "erased by 7-QD") {
		t.Errorf("the certificate is not shown: %s", out)
	}

	token := strings.TrimSpace(on("admin", "key", "create", "--label", "portal", "--account", "auditor", "--role", "auditor", "--unit", "inspectorate", "--scope", "read,feed", "--days", "30"))
	prefix, _, _ := strings.Cut(strings.TrimPrefix(token, "dossier_"), "_")
	if code, out, talk := here(nil, "events", "read", "--limit", "1", "--server", "http://"+d.cfg.HTTP.Addr, "--token", token); code != 0 || strings.Count(out, "\n") != 1 {
		t.Errorf("with the new key: exit %d %s%s", code, out, talk)
	}
	if out := d.both(t, "admin", "key", "list"); !strings.Contains(out, prefix) {
		t.Errorf("listed %s", out)
	}
	on("admin", "key", "revoke", prefix)
	if code, _, talk := here(nil, "events", "read", "--server", "http://"+d.cfg.HTTP.Addr, "--token", token); code != 1 || !strings.Contains(talk, "DOSSIER_TOKEN") || strings.Contains(talk, token) {
		t.Errorf("with a revoked key: exit %d %s", code, talk)
	}
	on("admin", "subject", "link", "sub-7", "clerk")
	on("admin", "subject", "unlink", "sub-7")
	if out := on("admin", "session", "end", "clerk"); !strings.Contains(out, "0 browsers") {
		t.Error(out)
	}

	on("catalogue", "procedures", "publish", "cites-breeding-code-app23")
	on("catalogue", "procedures", "close", "vet-practice-cert-renew", "--unit", "one-stop", "--reason", "unit_not_ready", "--basis", "3/QĐ")
	d.both(t, "", "procedures", "show", "vet-practice-cert-renew")
	on("catalogue", "procedures", "open", "vet-practice-cert-renew", "--unit", "one-stop", "--reason", "resumed", "--basis", "4/QĐ", "-o", "json")
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, []byte("{\n\"id\": \"x\",\n\"moon\": 1}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"catalogue", "procedures", "publish", wrong}, {"admin", "organisation", "apply", wrong}} {
		code, _, want := here(nil, append(slices.Clone(args[1:]), "--data", d.folder, "--as", args[0])...)
		if remote, got := off(args[0], args[1:]...); remote != code || code != 3 || got != want || !strings.Contains(got, wrong+":3: moon") {
			t.Errorf("%v: on the database exit %d %s, against the server exit %d %s", args, code, want, remote, got)
		}
	}
	if out := on("admin", "organisation", "apply", "shipped", "--dry-run"); !strings.Contains(out, "nothing was changed") {
		t.Error(out)
	}
	on("admin", "organisation", "apply", "shipped")
	if code, talk := off("auditor", "organisation", "show", "--all"); code != 2 || !strings.Contains(talk, "works on the database only") {
		t.Errorf("all days: exit %d %s", code, talk)
	}

	on("fees", "till", "book", "issue", "BL1", "--first", "1", "--last", "9", "--holder", "fees")
	on("fees", "till", "book", "void", "BL1", "3", "--reason", "spoiled")
	on("fees", "till", "book", "hand", "BL1", "--to", "reception")
	on("fees", "till", "open", "--float", "1000")
	for _, o := range []string{"table", "json"} {
		d.both(t, "fees", "till", "book", "show", "BL1", "-o", o)
		d.both(t, "fees", "till", "show", "--officer", "fees", "-o", o)
	}
	if code, talk := off("fees", "till", "show"); code != 2 || !strings.Contains(talk, "--officer") {
		t.Errorf("whose till: exit %d %s", code, talk)
	}
	on("fees", "till", "close", "--counted", "900")
	on("fees", "money", "settle")
	if code, talk := off("fees", "money", "reconcile"); code != 3 || !strings.Contains(talk, "differences are not explained") {
		t.Errorf("a hundred short: exit %d %s", code, talk)
	}
	on("fees", "money", "explain", "till_difference:fees-"+today(), "--cause", "counting_error")
	d.both(t, "fees", "money", "reconcile")
	d.both(t, "fees", "money", "reconcile", "-o", "json")

	var ids []string
	for range 3 {
		var receipts []struct{ ID string }
		if err := json.Unmarshal([]byte(on("applicant-1", "submit", "-o", "json", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")), &receipts); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, receipts[0].ID)
	}
	on("reception", "do", ids[0], "accept")
	on("reception", "do", ids[1], "accept")
	file := filepath.Join(t.TempDir(), "ids.txt")
	if err := os.WriteFile(file, []byte(strings.Join(ids, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	b := batchOf(t, on("reception", "bulk", "plan", "forward", "--ids", file, "--set", "unit=animal-health", "-o", "jsonl"))
	d.both(t, "reception", "bulk", "dry-run", b.ID)
	if b := batchOf(t, on("reception", "bulk", "run", b.ID, "-o", "jsonl")); b.Phase != "finished" || b.Counts["done"] != 2 || b.Counts["refused"] != 1 {
		t.Errorf("run: %+v", b)
	}
	for _, o := range []string{"table", "json", "jsonl"} {
		d.both(t, "reception", "bulk", "show", b.ID, "-o", o)
	}
	d.both(t, "reception", "bulk", "undo", b.ID, "--reason", "wrong_content", "--dry-run")
	if code, talk := off("reception", "bulk", "undo", b.ID, "--reason", "wrong_content"); code != 1 || !strings.Contains(talk, "consequences_not_seen") {
		t.Errorf("unseen: exit %d %s", code, talk)
	}
	if b := batchOf(t, on("reception", "bulk", "undo", b.ID, "--reason", "wrong_content", "--seen", "unit_told", "-o", "jsonl")); b.Phase != "compensated" {
		t.Errorf("taken back: %+v", b)
	}
	f := batchOf(t, on("reception", "bulk", "plan", "forward", "--filter", "status=accepted", "--set", "unit=animal-health", "-o", "jsonl"))
	if f.Total != 2 {
		t.Errorf("by filter: %+v", f)
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
	if slices.Contains(line, "--disk") || slices.Contains(line, "--file") {
		return nil, false
	}
	return append([]string{or(account, "auditor")}, rest...), slices.Contains(overServer, name)
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

func TestEveryCommandLineThatAsksAServerIsInTheDocument(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/client.md")
	if err != nil {
		t.Fatal(err)
	}
	there := leaves((&app{}).commands(), "")
	for _, name := range overServer {
		if !slices.Contains(there, name) {
			t.Errorf("%q asks a server and is not there", name)
		}
		short := strings.TrimPrefix(name, "dossier ")
		if whole := "`person …`"; !strings.Contains(string(doc), "`"+short+"`") && (!strings.HasPrefix(short, "person ") || !strings.Contains(string(doc), whole)) {
			t.Errorf("docs/client.md does not name %q", short)
		}
	}
	t.Logf("%d of %d command lines ask a server", len(overServer), len(there))
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
