package conditions_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/procedure"
	"dossier/handlers/conditions"

	"pgregory.net/rapid"
)

const broken = "../../docs/examples/broken-procedures/"

// told is what is wrong with a file, in its lines.
func told(t *testing.T, text string) string {
	t.Helper()
	read, mistakes := procedure.Read([]byte(text))
	for _, f := range conditions.Check(read.Wish.Version) {
		mistakes = append(mistakes, read.Place(f))
	}
	var lines []string
	for _, m := range mistakes {
		lines = append(lines, m.Error())
	}
	return strings.Join(lines, "\n")
}

func TestTheFiveBrokenFilesAreRefusedWithPathAndCounterExample(t *testing.T) {
	for file, wants := range map[string][]string{
		"dead-end": {"line 49, flow.steps[1]: the required step “inspect” never ends: inspect waits for opinion, which is only due under “in_forest”",
			"filed with in_forest=false, in_plain=true, large=", "appraisal-started", "step inspect waits for ever"},
		"circle":           {"flow.steps[1]: the required step “inspect” never ends: the circle inspect → opinion → inspect", "officer-assigned"},
		"missing-limit":    {"limits: some dossiers have no limit: ", "large=false", "accepted: no limit counts"},
		"unreachable-step": {"flow.steps[2]: no dossier ever reaches the step “joint”", "tried all 4 kinds of dossiers"},
		"bad-condition":    {"facts[2].when: the condition has no answer", "division by zero", "filled in with form.application.hives=0"},
	} {
		data, err := os.ReadFile(broken + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		got := told(t, string(data))
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", file, want, got)
			}
		}
	}
	files, err := filepath.Glob(broken + "*.json")
	if err != nil || len(files) != 5 {
		t.Errorf("%d broken files", len(files))
	}
}

func TestABadConditionIsRefusedWithItsPlace(t *testing.T) {
	good, err := os.ReadFile(broken + "bad-condition.json")
	if err != nil {
		t.Fatal(err)
	}
	for condition, want := range map[string]string{
		"form.application.hives > 10":                           "",
		"form.application.hive > 10":                            "facts[2].when: character 1 of the condition: undeclared reference to 'form' (in container ''); known are: form.application.hives, ",
		"form.application.hives > \\\"ten\\\"":                  "found no matching overload",
		"form.application.hives +":                              "Syntax error",
		"form.application.hives + 1":                            "a condition answers true or false, not int",
		"form.application.hives > 9000":                         "no way to fill in the form makes “dense” hold",
		"fact.in_forest && fact.in_plain":                       "makes “dense” hold",
		"fact.in_forest && form.application.hives == 7":         "",
		"form.application.note == \\\"x\\\"":                    "“form.application.note” may be left out",
		"[1,2,3].all(x, [1,2,3].all(y, x + y > 0)) && 1/0 == 1": "division",
	} {
		text := strings.Replace(string(good), "1000 / form.application.hives < 20", condition, 1)
		text = strings.Replace(text, `"properties": {`, `"properties": {"note": {"type": "string", "title": "x", "x-title-en": "x", "x-personal": true},`, 1)
		if got := told(t, text); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", condition, got, want)
		}
	}
}

func TestEveryShippedProcedurePassesTheCheck(t *testing.T) {
	for _, v := range procedure.Catalogue() {
		if findings := conditions.Check(v); len(findings) > 0 {
			t.Errorf("%s: %+v", v.ID, findings)
		}
	}
}

func lookup(t *testing.T, id string) procedure.Version {
	t.Helper()
	v, ok := procedure.Lookup(id)
	if !ok {
		t.Fatalf("%s does not ship", id)
	}
	return v
}

const owner = `"owner_name": "Nguyễn Văn A", "owner_id": "012345678901"`

func TestFactsDecideComponentsFeesLimitsAndSteps(t *testing.T) {
	o, err := conditions.Ask(lookup(t, "animal-quarantine-out-of-province"), []byte(`{"application": {`+owner+`, "species": "lợn", "head_count": 20, "destination_province": "x", "disease_free": true}}`))
	if err != nil || !reflect.DeepEqual(o.Facts, []string{"disease_free_facility"}) || !reflect.DeepEqual(o.Limits, []string{"1.working_day"}) || len(o.Components) != 2 {
		t.Errorf("%+v, %v", o, err)
	}
	o, err = conditions.Ask(lookup(t, "animal-quarantine-out-of-province"), []byte(`{"application": {`+owner+`, "species": "lợn", "head_count": 20, "destination_province": "x", "disease_free": false}}`))
	if err != nil || len(o.Facts) != 0 || !reflect.DeepEqual(o.Limits, []string{"5.working_day"}) || len(o.Components) != 1 {
		t.Errorf("%+v, %v", o, err)
	}
	for kind, fee := range map[string]int{"selected_stand": 600_000, "seed_orchard": 2_400_000, "plus_tree": 0} {
		o, err := conditions.Ask(lookup(t, "forest-seed-source-recognition"), []byte(`{"application": {`+owner+`, "source_kind": "`+kind+`"}}`))
		if err != nil || o.Total != fee {
			t.Errorf("%s costs %d, want %d, %v", kind, o.Total, fee, err)
		}
	}
	o, err = conditions.Ask(lookup(t, "cites-breeding-code-app23"), []byte(`{"application": {`+owner+`, "kind": "animal", "aquatic": true}}`))
	if err != nil || !reflect.DeepEqual(o.Steps, []string{"desk", "fishery-opinion"}) {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestAFormThatIsNotTakenNamesTheFieldAndNeverItsValue(t *testing.T) {
	v := lookup(t, "cites-breeding-code-app23")
	for forms, want := range map[string]string{
		`{}`: "forms.application", `[`: "forms",
		`{"application": {` + owner + `, "kind": "animal"}}`:                                           "forms.application.aquatic",
		`{"application": {` + owner + `, "kind": "fungus-secret", "aquatic": true}}`:                   "forms.application.kind",
		`{"application": {"owner_name": "x", "owner_id": "secret", "kind": "plant", "aquatic": true}}`: "forms.application.owner_id",
	} {
		_, err := conditions.Ask(v, []byte(forms))
		var invalid *domain.Invalid
		if !errors.As(err, &invalid) || invalid.Field != want || strings.Contains(err.Error()+invalid.VI, "secret") {
			t.Errorf("%s: %v, want %s", forms, err, want)
		}
	}
}

func TestLawAConditionIsAnsweredAsItIsWritten(t *testing.T) {
	v := lookup(t, "seafood-export-health-cert") // high_risk = raw || lot_weight_kg > 25000
	rapid.Check(t, func(t *rapid.T) {
		raw, weight := rapid.Bool().Draw(t, "raw"), rapid.IntRange(1, 60_000).Draw(t, "weight")
		o, err := conditions.Ask(v, []byte(`{"application": {`+owner+`, "market": "JP", "raw": `+map[bool]string{true: "true", false: "false"}[raw]+`, "lot_weight_kg": `+strconv.Itoa(weight)+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(o.Facts) == 1; got != (raw || weight > 25_000) {
			t.Errorf("raw %v, %d kg: %v", raw, weight, o.Facts)
		}
	})
}
