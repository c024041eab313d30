package conditions_test

import (
	"errors"
	"maps"
	"testing"

	"dossier/domain"
	"dossier/domain/procedure"
	"dossier/handlers/conditions"

	"pgregory.net/rapid"
)

func TestOnlyWhatTheGivenFieldsDecideIsAnswered(t *testing.T) {
	v := lookup(t, "cites-breeding-code-app23") // animal and plant look at one field, aquatic and on_land at another
	for _, c := range []struct {
		given, want map[string]string
	}{
		{map[string]string{}, map[string]string{}},
		{map[string]string{"application.kind": "animal"}, map[string]string{"animal": "true", "plant": "false"}},
		{map[string]string{"application.kind": "animal", "application.aquatic": "true"}, map[string]string{"animal": "true", "plant": "false", "aquatic": "true", "on_land": "false"}},
	} {
		answers, err := conditions.Answer(v, c.given, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for fact, holds := range answers {
			got[fact] = map[bool]string{true: "true", false: "false"}[holds]
		}
		if !maps.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.given, got, c.want)
		}
	}
}

func TestAQuestionThatBreaksOverAValueIsTold(t *testing.T) {
	v := procedure.Version{ID: "x", Forms: []procedure.Form{{Code: "f", Schema: []byte(`{"type": "object", "additionalProperties": false, "required": ["n"], "properties": {"n": {"type": "integer", "title": "x", "x-title-en": "x", "x-personal": false}}}`)}},
		Facts: []procedure.Condition{{Name: "dense", When: "1000 / form.f.n < 20"}}}
	var bad *domain.Invalid
	if _, err := conditions.Answer(v, map[string]string{"f.n": "0"}, nil); !errors.As(err, &bad) || bad.Code != "condition_fails" {
		t.Errorf("%v", err)
	}
	if a, err := conditions.Answer(v, map[string]string{"f.n": "100"}, nil); err != nil || !a["dense"] {
		t.Errorf("%v, %v", a, err)
	}
	if a, err := conditions.Answer(v, map[string]string{"f.n": "ten"}, nil); err != nil || len(a) != 0 {
		t.Errorf("a value of another version: %v, %v", a, err)
	}
}

// What the values decide is what the whole form decides.
func TestLawGivenValuesAreAnsweredAsTheFormIs(t *testing.T) {
	v := lookup(t, "seafood-export-health-cert")
	rapid.Check(t, func(t *rapid.T) {
		raw, weight := rapid.SampledFrom([]string{"true", "false"}).Draw(t, "raw"), rapid.StringMatching(`[1-5][0-9]{0,4}`).Draw(t, "weight")
		whole, err := conditions.Ask(v, []byte(`{"application": {`+owner+`, "market": "JP", "raw": `+raw+`, "lot_weight_kg": `+weight+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		part, err := conditions.Answer(v, map[string]string{"application.raw": raw, "application.lot_weight_kg": weight}, nil)
		if err != nil || part["high_risk"] != (len(whole.Facts) == 1) {
			t.Errorf("%s %s: %v and %v, %v", raw, weight, whole.Facts, part, err)
		}
	})
}
