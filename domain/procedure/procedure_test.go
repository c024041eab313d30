package procedure_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"dossier/domain/procedure"
)

func TestTheCatalogueHoldsEveryProcedureOfTheFileOnce(t *testing.T) {
	all, seen := procedure.Catalogue(), map[string]bool{}
	if len(all) != 54 {
		t.Errorf("%d procedures, the file has 54", len(all))
	}
	id := regexp.MustCompile(`^[a-z0-9][a-z0-9._:-]{0,63}$`)
	for _, v := range all {
		if seen[v.ID] || !id.MatchString(v.ID) || v.NameVI == "" || v.NameEN == "" || v.UnitVI == "" || v.Number != 1 || v.External {
			t.Errorf("%+v", v)
		}
		seen[v.ID] = true
		if found, ok := procedure.Lookup(v.ID); !ok || found.NameVI != v.NameVI {
			t.Errorf("%s is not found by its id", v.ID)
		}
	}
}

func TestAProcedureWithoutALimitIsInformationOnly(t *testing.T) {
	closed := 0
	for _, v := range procedure.Catalogue() {
		if v.OpenForFiling != (v.Limit.Value > 0) || v.OpenForFiling != (v.LimitVI != "") {
			t.Errorf("%s: open %v, limit %q", v.ID, v.OpenForFiling, v.LimitVI)
		}
		if !v.OpenForFiling {
			closed++
		}
	}
	if closed != 11 {
		t.Errorf("%d procedures without a limit, domain-vn counts 11", closed)
	}
}

func TestAValueFromMemoryIsMarkedAssumed(t *testing.T) {
	for id, want := range map[string]string{
		"vet-practice-cert-renew":     "fee",
		"pesticide-manufacture-cert":  "components time_limit",
		"cites-export-permit":         "components time_limit", // the total was read, its stages were not
		"plant-variety-import-permit": "components",
	} {
		v, _ := procedure.Lookup(id)
		if got := strings.Join(v.AssumedValues, " "); got != want {
			t.Errorf("%s assumes %q, want %q", id, got, want)
		}
		if v.Assumed != strings.Contains(want, "time_limit") {
			t.Errorf("%s: assumed %v", id, v.Assumed)
		}
	}
}

func TestTheSectorsOwnSupplementWindowGoesBeforeTheGeneralOne(t *testing.T) {
	for id, days := range map[string]int{"vet-practice-cert-renew": 15, "food-safety-facility-cert": 30, "plant-variety-import-permit": 90} {
		if v, _ := procedure.Lookup(id); v.SupplementDays != days {
			t.Errorf("%s: %d days, want %d", id, v.SupplementDays, days)
		}
	}
}

func TestAnExternalProcedureIsNeverOpen(t *testing.T) {
	v := procedure.ExternalVersion("ext:nl.building-permit.receiving-phase")
	if !v.External || v.OpenForFiling || v.Number != 1 {
		t.Errorf("%+v", v)
	}
	if _, found := procedure.Lookup(v.ID); found {
		t.Error("it is in the catalogue")
	}
}

func ExampleLookup() {
	v, _ := procedure.Lookup("vet-drug-manufacture-cert")
	fmt.Println(v.NameVI)
	fmt.Println(strings.ReplaceAll(v.LimitVI, "\u00a0", " "))
	fmt.Println(v.OpenForFiling, v.Assumed)
	// Output:
	// Cấp Giấy chứng nhận đủ điều kiện sản xuất thuốc thú y
	// 15 ngày + 5 ngày làm việc
	// true false
}
