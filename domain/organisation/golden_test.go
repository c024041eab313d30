package organisation_test

import (
	"maps"
	"slices"
	"testing"

	"dossier/domain/organisation"
	"dossier/internal/goldentest"
)

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
	"organisation.sandbox-reset.v1":   organisation.SandboxReset{Agency: "sandbox", Closes: 2, Opens: 3},
}

func TestStoredEventsAreReadForEver(t *testing.T) {
	goldentest.Events(t, stored, slices.Sorted(maps.Keys(organisation.EventSchemas())), organisation.Encode, organisation.Decode, nil)
}
