package procedure_test

import (
	"maps"
	"slices"
	"testing"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
	"dossier/internal/goldentest"
)

// stored is one event of each kind, as it went into a journal once. The files and their sums are never changed: what was stored is read
// for ever.
var stored = map[string]procedure.Event{
	"procedure.published.v1": procedure.Published{Number: 2, Decision: procedure.Decision{No: "3578/QĐ-BNNMT", DecidedOn: day("2026-06-01"), ValidFrom: day("2026-07-01")}, Version: whole()},
	"procedure.withdrawn.v1": procedure.Withdrawn{Decision: "4/QĐ", DecidedOn: day("2026-11-01"), From: day("2026-12-01")},
	"switch.opened.v1":       procedure.SwitchOpened{Procedure: "vet-practice-cert-renew", Unit: "one-stop", Reason: procedure.Pilot, Basis: "13/QĐ"},
	"switch.closed.v1":       procedure.SwitchClosed{Procedure: "vet-practice-cert-renew", Reason: procedure.UnitNotReady, Basis: "12/QĐ"},
	"catalogue.listed.v1":    procedure.Listed{Procedure: "vet-practice-cert-renew", Switch: true, Unit: "one-stop"},
}

// whole is a version that uses every part there is.
func whole() procedure.Version {
	national := "1.002338"
	v, _ := procedure.Lookup("animal-quarantine-out-of-province")
	v.Code = &national
	v.Supplement = procedure.Supplement{Days: 30, MostPerStage: 1, AskWithin: &calendar.Limit{Value: 3, Unit: calendar.WorkingDays}, ByHead: true}
	v.Components = slices.Clone(v.Components)
	v.Components[0].Copies = []procedure.Copies{{Kind: procedure.Original, Count: 1}, {Kind: procedure.CertifiedCopy, Count: 2}}
	v.Components[0].Lookup = "business-register"
	v.Fees = []procedure.Fee{{Code: "appraisal", NameVI: "Phí", NameEN: "Charge", Kind: procedure.Charge, Amount: 50_000, When: "disease_free_facility", Due: procedure.DueAtReception, Basis: "TT 14/2018/TT-BTC"}}
	v.Flow.Approvals = []procedure.Approval{{Level: 1, Role: "approver", NameVI: "Lãnh đạo", NameEN: "Leader"}}
	v.Flow.RemediationDays, v.Flow.RemediationStop = 60, true
	v.Levels = slices.Clone(v.Levels)
	v.Levels[0].From = day("2026-07-01")
	return v
}

func TestStoredEventsAreReadForEver(t *testing.T) {
	goldentest.Events(t, stored, slices.Sorted(maps.Keys(procedure.EventSchemas())), procedure.Encode, procedure.Decode, nil)
}
