package organisation_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dossier/domain/organisation"
)

var update = flag.Bool("update", false, "add goldens that are missing")

// stored is one event of each kind, as it went into a journal once. The files and their sums are never changed: what was stored is read
// for ever.
var stored = map[string]organisation.Event{
	"organisation.named.v1": organisation.Named{Code: "mae", NameVI: "Bộ Nông nghiệp và Môi trường", NameEN: "Ministry of Agriculture and Environment"},
	"organisation.agency-set.v1": organisation.AgencySet{Agency: organisation.Agency{Code: "lam-dong", Period: between("2025-07-01", "2030-12-31"), NameVI: "Sở", NameEN: "Department",
		Parent: "mae", Zone: "Asia/Ho_Chi_Minh", Calendar: "vn", Codes: &organisation.CodeRule{Identifier: "000.00.12.H36", Pattern: "circular-01-2018", AtAcceptance: true}}},
	"organisation.unit-set.v1": organisation.UnitSet{Unit: organisation.Unit{Code: "one-stop", Period: from("2025-03-01"), NameVI: "Một cửa", NameEN: "One-stop unit", Agency: "mae", Parent: "leadership"}},
	"organisation.account-set.v1": organisation.AccountSet{Account: organisation.Account{ID: "head", Period: between("2025-03-01", "2026-12-31"), TitleVI: "Lãnh đạo phòng", TitleEN: "Head of division",
		Posts: []organisation.Post{{Role: "division_head", Unit: "animal-health", Rank: organisation.Head, From: day("2025-04-01"), To: day("2026-06-30")}, {Role: "case_officer", Unit: "quality"}}}},
	"organisation.delegation-set.v1": organisation.DelegationSet{Delegation: organisation.Delegation{Code: "tuq-1", Kind: organisation.TUQ, By: "approver", To: "head", From: day("2026-01-01"), Until: day("2026-06-30"),
		Procedures: []string{"vet-practice-cert-renew"}, Units: []string{"one-stop"}, Basis: "3/QĐ-BNNMT"}},
	"organisation.entry-withdrawn.v1": organisation.EntryWithdrawn{Entry: organisation.AccountEntry, Code: "late", From: day("2027-01-01")},
}

func TestStoredEventsAreReadForEver(t *testing.T) {
	sums, _ := os.ReadFile("testdata/golden/SUMS")
	for name, event := range stored {
		typ, version, data, err := organisation.Encode(event)
		if err != nil || fmt.Sprintf("%s.v%d", typ, version) != name {
			t.Errorf("%s is stored as %s version %d, %v", name, typ, version, err)
		}
		file := filepath.Join("testdata/golden", name+".json")
		kept, err := os.ReadFile(file)
		if err != nil && *update {
			kept = append(data, '\n')
			sums = fmt.Appendf(sums, "%s.json %s\n", name, sum(kept))
			if err := os.WriteFile(file, kept, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile("testdata/golden/SUMS", sums, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Contains(strings.Split(string(sums), "\n"), name+".json "+sum(kept)) {
			t.Errorf("%s is not what was stored", name)
		}
		back, err := organisation.Decode(typ, version, kept)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, _, again, _ := organisation.Encode(back); string(again)+"\n" != string(kept) {
			t.Errorf("%s is written otherwise now:\n%s\n%s", name, again, kept)
		}
	}
	for name := range organisation.EventSchemas() {
		if _, kept := stored[name]; !kept {
			t.Errorf("%s has no golden", name)
		}
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
