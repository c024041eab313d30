package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/handlers"
	"dossier/internal/devstack"
)

// typed is what stands behind the words of a command line so that it is understood. ID is a dossier, FILE a file that is there.
var typed = map[string]string{
	"submit": "--set procedure=vet-practice-cert-renew --set channel=counter --set applicant=applicant-1", "do": "ID COMMAND",
	"bulk plan": "accept --ids FILE", "bulk dry-run": "BATCH", "bulk run": "BATCH", "bulk show": "BATCH", "bulk undo": "BATCH --reason wrong_content",
	"file add": "ID FILE", "file get": "ATTACHED", "file list": "ID", "sign": "ATTACHED", "signature verify": "ATTACHED",
	"show": "ID", "access of": "ID", "receipt": "ID", "history": "ID", "deadline": "ID", "words": "ID", "earlier": "ID", "fee": "ID", "look-up": "ID tp-2",
	"money order": "ID 1", "money pay": "ID 1", "results list": "", "events read": "", "events tail": "", "access list": "", "timers list": "",
	"procedures move": "vet-practice-cert-renew --from 1 --to 1", "procedures publish": "vet-practice-cert-renew", "procedures withdraw": "vet-practice-cert-renew --decision 1-QD --decided-on 2026-01-01 --from 2099-01-01",
	"procedures open": "vet-practice-cert-renew --unit one-stop --reason x --basis 1-QD", "procedures close": "vet-practice-cert-renew --unit one-stop --reason x --basis 1-QD", "calendars publish": "vn",
	"organisation apply": "shipped", "key create": "--label x --account clerk --role clerk --scope read", "key revoke": "abcdefghjkmn", "key confirm": "abcdefghjkmn", "key list": "", "session list": "", "session end": "clerk",
	"subject link": "a-subject clerk", "subject unlink": "a-subject", "subject confirm": "a-subject clerk", "sandbox reset": "sandbox",
	"person register": "applicant-9 --name x", "person correct": "applicant-1 --reason x --name x", "person show": "applicant-1 --purpose look", "person find": "--name x --purpose look",
	"person erase": "applicant-1 --decision 1-QD --reason x", "person answer": "applicant-1 1 --answer granted", "person extend": "applicant-1 1 --reason x", "person done": "applicant-1 1",
	"person prefill": "applicant-1 --procedure vet-practice-cert-renew", "person standing": "applicant-1", "person mandate": "applicant-1 --to applicant-2", "person end-mandate": "applicant-1 1 --reason x", "person ask": "applicant-1 --wish copy",
	"till take": "ID 1 --amount 1 --method cash --book BL26A", "till open": "", "till give-back": "BL26A 1 --amount 1 --reason wrong_amount", "till show": "--officer fees", "till close": "--counted 0", "till receipt": "BL26A 1",
	"till book void": "BL26A 1 --reason spoiled", "till book show": "BL26A", "till transfer": "--officer fees --day 2026-11-26 --document 1", "till book issue": "BL26B --first 1 --last 9 --holder fees", "till book hand": "BL26A --to fees",
	"money refund": "ID 1 --amount 1 --reason wrong_amount", "money cancel": "ID 1 --reason wrong_amount", "money settle": "", "money reconcile": "", "money explain": "x --cause counting_error",

	"results check": "000.00.00.H00-261126-0001-KQ1", "procedures list": "", "procedures show": "vet-practice-cert-renew", "procedures draw": "vet-practice-cert-renew", "procedures schema": "vet-practice-cert-renew",
	"procedures facts": "vet-practice-cert-renew FILE", "calendars list": "", "calendars show": "vn", "calendars count": "vn 2026-11-20T10:00 3.working_day", "organisation show": "", "sandbox list": "",

	"import xes": "FILE --mapping FILE", "money invoices": "--spool FILE",
}

// Each command line that asks for a right is asked as a demo account of every role that has not got it.
func TestTheMatrixOfRightsHoldsOnTheCommandLine(t *testing.T) {
	long(t)
	t.Setenv("CLAMD_ADDR", devstack.TestNoVirus(t))
	d := startDev(t, "--empty")
	data := []string{"--data", d.folder}
	id := d.submitted("matrix")
	file := filepath.Join(t.TempDir(), "one.txt")
	if err := os.WriteFile(file, []byte(id+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	paper := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(paper, lettersPDF(1000), 0o600); err != nil {
		t.Fatal(err)
	}
	added := strings.Split(strings.TrimSpace(must(t, "file", "add", id, paper, "--component", "tp-1", "-o", "csv", "--data", d.folder)), "\n")
	attached, _, _ := strings.Cut(added[len(added)-1], ",")
	var accounts []handlers.Account
	held := map[domain.Role]bool{}
	for _, a := range handlers.NewDevLogin().Accounts() {
		if !held[a.Role] {
			accounts, held[a.Role] = append(accounts, a), true
		}
	}
	before, asked, lines := d.recorded(), 0, 0
	for _, r := range handlers.Rights(handlers.CLI) {
		words := strings.TrimPrefix(r.Name, "dossier ")
		rest, known := typed[words]
		if r.Free != "" || words == "import xes" { // which acts as the machine and takes no account
			continue
		}
		if lines++; !known {
			t.Errorf("%q is not asked: give it a line in typed", words)
			continue
		}
		for _, a := range accounts {
			if slices.Contains(r.Roles, a.Role) {
				continue
			}
			args := append([]string{"dossier"}, strings.Fields(words)...)
			args = append(args, strings.Fields(strings.NewReplacer("BATCH", id, "ID", id, "FILE", file, "ATTACHED", attached, "COMMAND", "accept").Replace(rest))...)
			var out, talk bytes.Buffer
			code := run(t.Context(), append(append(args, data...), "--as", a.Account), &out, &talk, os.Getenv)
			if asked++; code != exitFailed || !strings.Contains(talk.String(), "refused ("+handlers.NotAllowed+")") || out.Len() > 0 {
				t.Errorf("%s as %s: exit %d, %.200s%.300s", strings.Join(args, " "), a.Role, code, out.String(), talk.String())
			}
		}
	}
	if after := d.recorded(); after != before {
		t.Errorf("who was refused left %d events", after-before)
	}
	t.Logf("%d command lines, %d refusals by %d roles", lines, asked, len(accounts))
}
