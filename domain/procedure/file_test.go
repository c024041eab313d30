package procedure_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"dossier/domain/procedure"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func shippedFile(t *testing.T, id string) string {
	t.Helper()
	data, ok := procedure.Shipped()[id]
	if !ok {
		t.Fatalf("%s does not ship", id)
	}
	return string(data)
}

func TestABrokenProcedureFileNamesLineAndPath(t *testing.T) {
	good := shippedFile(t, "animal-quarantine-out-of-province")
	for _, b := range []struct{ old, new, want string }{
		{`"sector": "animal-health",`, `"sectors": "animal-health",`, "line 9, sectors: there is no such member"},
		{`"short_en": "Animal quarantine out of the province"`, `"short_en": "Animal quarantine out of the province and of all others"`, "line 8, short_en: a short name has 1 to 45 characters"},
		{`"archetype": "inspection"`, `"archetype": "inspektion"`, "line 10, archetype: known are: desk, inspection"},
		{`"limits": [{"value": 5, "unit": "working_day"}],`, `"limits": [{"value": 5, "unit": "workday"}],`, "line 17, limits: a number above nothing and a unit"},
		{`[{"when": "disease_free_facility", "limits"`, `[{"when": "disease_free", "limits"`, "line 18, limit_cases[0].when: “disease_free” is not among the facts"},
		{`"valid_from": "2020-01-01"`, `"valid_from": "2020-02-30"`, "line 2, publication.valid_from: "},
		{`"required": ["owner_name", "owner_id"`, `"required": ["owner_names", "owner_id"`, "forms[0].schema.required[0]: the form has no field “owner_names”"},
		{`"title": "Địa chỉ", "x-title-en": "Address", `, ``, "forms[0].schema.properties.address: a label is missing"},
		{`"species": {"type": "string", "title": "Loài động vật", "x-title-en": "Species", "x-personal": false}`, `"species": {"type": "string", "title": "Loài động vật", "x-title-en": "Species"}`, `forms[0].schema.properties.species: say "x-personal": true or false`},
		{`"trigger": "reception"`, `"trigger": "acceptance"`, "stages[0].trigger: known are: reception"},
		{`"retention": {"years": 10, "certainty": "assumed"}`, `"retention": {}`, "retention: say how long the file is kept"},
	} {
		text := strings.Replace(good, b.old, b.new, 1)
		if text == good {
			t.Fatalf("the file has no %s", b.old)
		}
		told := mistakes(text)
		if len(told) == 0 || !strings.Contains(told[0], b.want) {
			t.Errorf("%s → %s: %q, want %q", b.old, b.new, told, b.want)
		}
	}
}

// mistakes reads a file and tells all that is wrong with it.
func mistakes(text string) (told []string) {
	read, wrong := procedure.Read([]byte(text))
	for _, m := range wrong {
		told = append(told, m.Error())
	}
	if len(wrong) == 0 {
		for _, f := range procedure.Check(read.Wish.Version, nil) {
			m := read.Place(f)
			if told = append(told, m.Error()); m.VI == "" {
				told = append(told, "it has no Vietnamese text")
			}
		}
	}
	return told
}

func TestAllMistakesOfAProcedureFileAreToldAtOnce(t *testing.T) {
	text := shippedFile(t, "animal-quarantine-out-of-province")
	for _, r := range [][2]string{
		{`"short_vi": "Kiểm dịch động vật ra khỏi tỉnh"`, `"short_vi": ""`},
		{`"trigger": "reception"`, `"trigger": "previous_stage"`},
		{`"code": "tp-2"`, `"code": "tp-1"`},
		{`"kind": "inspection"`, `"kind": "desk_check"`},
		{`"channels": ["online", "counter", "post"]`, `"channels": []`},
	} {
		if !strings.Contains(text, r[0]) {
			t.Fatalf("the file has no %s", r[0])
		}
		text = strings.Replace(text, r[0], r[1], 1)
	}
	told := strings.Join(mistakes(text), "\n")
	for _, want := range []string{"short_vi", "stages[0].trigger", "components[1].code", "flow.steps: ", "channels"} {
		if !strings.Contains(told, want) {
			t.Errorf("nothing is said of %s in\n%s", want, told)
		}
	}
}

func TestEveryShippedFileFollowsTheSchemaOfProcedureFiles(t *testing.T) {
	schema := compiled(t, procedure.FileSchema())
	for id, data := range procedure.Shipped() {
		if err := schema.Validate(parsed(t, data)); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	broken := strings.Replace(shippedFile(t, "vet-practice-cert-renew"), `"archetype": "desk"`, `"archetype": "desks"`, 1)
	if schema.Validate(parsed(t, []byte(broken))) == nil {
		t.Error("the schema takes an archetype that does not exist")
	}
}

func TestTheFormsOfAVersionAreOneJSONSchema(t *testing.T) {
	v, _ := procedure.Lookup("animal-quarantine-out-of-province")
	schema := compiled(t, v.FormSchema())
	good := `{"application": {"owner_name": "x", "owner_id": "012345678901", "species": "lợn", "head_count": 20, "destination_province": "x", "disease_free": true}}`
	if err := schema.Validate(parsed(t, []byte(good))); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{`{}`, `{"application": {}}`, strings.Replace(good, "20", "0", 1), strings.Replace(good, "species", "kind", 1)} {
		if schema.Validate(parsed(t, []byte(bad))) == nil {
			t.Errorf("%s passes", bad)
		}
	}
	personal := 0
	for _, f := range v.Forms[0].Fields() {
		if f.Personal {
			personal++
		}
		if f.VI == "" || f.EN == "" {
			t.Errorf("%s has no label", f.Name)
		}
	}
	if personal != 5 {
		t.Errorf("%d personal fields", personal)
	}
}

func compiled(t *testing.T, schema any) *jsonschema.Schema {
	t.Helper()
	b, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("mem:///schema.json", parsed(t, b)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("mem:///schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parsed(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestADiagramShowsStepsConditionsAndLimits(t *testing.T) {
	v, _ := procedure.Lookup("cites-breeding-code-app23")
	for lang, wants := range map[string][]string{
		"vi": {"stateDiagram-v2", "appraising --> step_fishery_opinion: 3\u00a0ngày làm việc; loài thủy sinh", "step_forest_opinion --> approval_1", "--> [*]"},
		"en": {"within 15 days", "step_fishery_opinion: Opinion of the fishery authority"},
	} {
		for _, want := range wants {
			if got := v.Diagram(lang); !strings.Contains(got, want) {
				t.Errorf("%s lacks %q:\n%s", lang, want, got)
			}
		}
	}
	for _, v := range procedure.Catalogue() {
		if d := v.Diagram("vi"); !strings.HasPrefix(d, "stateDiagram-v2\n") {
			t.Errorf("%s: %s", v.ID, d)
		}
	}
}

func TestEveryFactOfAProcedureSurvivesTheJournal(t *testing.T) {
	v, _ := procedure.Lookup("cites-breeding-code-app23")
	schemas := procedure.EventSchemas()
	for _, e := range []procedure.Event{
		procedure.Published{Number: 1, Decision: v.Decision, Version: v},
		procedure.Withdrawn{Decision: "4/QĐ", DecidedOn: day("2026-11-01"), From: day("2026-12-01")},
		procedure.SwitchOpened{Procedure: v.ID, Unit: "one-stop", Reason: procedure.Pilot, Basis: "13/QĐ"},
		procedure.SwitchClosed{Procedure: v.ID, Reason: procedure.UnitNotReady, Basis: "12/QĐ"},
		procedure.Listed{Procedure: v.ID, Switch: true, Unit: "one-stop"},
	} {
		typ, version, data, err := procedure.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := procedure.Decode(typ, version, data)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, again, _ := procedure.Encode(back); string(again) != string(data) {
			t.Errorf("%s came back as\n%s", data, again)
		}
		if _, published := e.(procedure.Published); !published && !reflect.DeepEqual(back, e) {
			t.Errorf("%+v, want %+v", back, e)
		}
		if err := compiled(t, schemas[procedure.TypeName(e)]).Validate(parsed(t, data)); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
		if _, err := procedure.Decode(typ, version+1, data); err == nil {
			t.Errorf("%s version %d was read", typ, version+1)
		}
		if _, err := procedure.Decode(typ, version, append(json.RawMessage(`{"unknown": 1, `), data[1:]...)); err == nil {
			t.Errorf("%s with an unknown member was read", typ)
		}
	}
	for id, data := range procedure.Shipped() {
		read, _ := procedure.Read(data)
		events, err := procedure.Decide(procedure.Procedure{}, read.Wish)
		if err != nil || len(events) != 1 {
			t.Errorf("%s: %v", id, err)
			continue
		}
		typ, version, stored, _ := procedure.Encode(events[0])
		back, err := procedure.Decode(typ, version, stored)
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		p := procedure.Evolve(procedure.Procedure{}, procedure.Fact{Version: 1, Event: back})
		if again, err := procedure.Decide(p, read.Wish); err != nil || len(again) > 0 {
			t.Errorf("%s read again from the journal asks for %d events, %v", id, len(again), err)
		}
	}
}
