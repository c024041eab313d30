package domain_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dossier/domain"
)

var anyMeta = rapid.Custom(func(t *rapid.T) domain.Meta {
	code := rapid.StringMatching(`[a-z0-9.:-]{0,20}`)
	return domain.Meta{
		Actor: code.Draw(t, "actor"), ActorRole: rapid.SampledFrom(domain.Roles()).Draw(t, "role"), ActorUnit: code.Draw(t, "unit"), Batch: code.Draw(t, "batch"), Sandbox: code.Draw(t, "sandbox"),
		CommandHash: code.Draw(t, "hash"), CommandID: code.Draw(t, "id"), LateReason: code.Draw(t, "reason"),
		Origin: rapid.SampledFrom([]domain.Origin{domain.Live, domain.Imported, domain.Demo}).Draw(t, "origin"), Traceparent: code.Draw(t, "trace"),
	}
})

func TestLawMetaIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMeta.Draw(t, "meta")
		b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := domain.DecodeMeta(b); err != nil || back != m {
			t.Fatalf("%s reads %+v, %v, want %+v", b, back, err, m)
		}
	})
}

// The short way past encoding/json is taken by what Encode writes; whatever else somebody stored reads as it always did.
func TestLawMetaReadsAsEncodingJSONReadsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, err := anyMeta.Draw(t, "meta").Encode()
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(b)).Draw(t, "at")
			to := rapid.IntRange(at, min(at+3, len(b))).Draw(t, "to")
			put := rapid.SampledFrom([]string{"", " ", "{", "}", "\"", ":", ",", `\`, `\u0041`, "A", "é", "\x00", "\xff", "null", "1", `"unit":"x",`, `"ACTOR":"x",`}).Draw(t, "put")
			b = slices.Concat(b[:at], []byte(put), b[to:])
		}
		var want domain.Meta
		wrong := json.Unmarshal(b, &want)
		if got, err := domain.DecodeMeta(b); (err == nil) != (wrong == nil) || err == nil && got != want {
			t.Fatalf("%q reads %+v, %v; encoding/json reads %+v, %v", b, got, err, want, wrong)
		}
	})
}

// What is read for every event is read cheaply: one allocation for the value and one for each text, blanks and tildes included.
func TestMetaAsItIsWrittenTakesTheShortWay(t *testing.T) {
	b, err := domain.Meta{
		Actor: "nv 01~", ActorRole: domain.Clerk, ActorUnit: "one-stop", CommandHash: "c2f1", CommandID: "0b5f", LateReason: "paper", Origin: domain.Demo, Traceparent: "00-af",
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() {
		if _, err := domain.DecodeMeta(b); err != nil {
			t.Fatal(err)
		}
	}); n > 1+8 {
		t.Errorf("%s is read with %v allocations", b, n)
	}
}

func TestMetaThatSomebodyElseWroteReadsAsEncodingJSONReadsIt(t *testing.T) {
	for _, text := range []string{
		"", "{", "{}", "[]", `{"actor"`, `{"actor"}`, `{"actor":`, `{"actor":"a"`, `{"actor":"a",`, `{"actor":"a"}`, `{"actor":"a"};`, `{"actor":"a"}}`, `{"actor":"a"},`,
		`{"actor":"a"x"actorunit":"b"}`, `{"actor";"a"}`, `{"actor":"a","unknown":"b"}`, `{"unknown":"b","actor":"a"}`, `{"actor":"a\u0062"}`, `{"actor":"a\"}`,
		"{\"actor\":\"a\tb\"}", "{\"actor\":\"a\x1fb\"}", "{\"actor\":\"a\x7fb\"}", "{\"actor\":\"é\"}", "{\"actor\":\"\xff\"}", `{"ACTOR":"a"}`, `{"actor":null}`, `{"actor":7}`, `x"actor":"a"}`,
		`{x"actor":"a"}`, `{"actor":"a","actor":"b"}`, `{"actor":"a","":"b"}`, `{ "actor": "a" }`,
	} {
		var want domain.Meta
		wrong := json.Unmarshal([]byte(text), &want)
		if got, err := domain.DecodeMeta([]byte(text)); (err == nil) != (wrong == nil) || err == nil && got != want {
			t.Errorf("%q reads %+v, %v; encoding/json reads %+v, %v", text, got, err, want, wrong)
		}
	}
}

// A CloudEvents attribute is a lower-case name with a text; written in the order of its names it survives headers and back.
func TestLawMetaIsAFlatObjectOfTextsInAlphabeticalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, err := anyMeta.Draw(t, "meta").Encode()
		if err != nil {
			t.Fatal(err)
		}
		var flat map[string]string
		if err := json.Unmarshal(b, &flat); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		var names []string
		dec := json.NewDecoder(strings.NewReader(string(b)))
		for tok, err := dec.Token(); err == nil; tok, err = dec.Token() {
			if name, is := tok.(string); is {
				names = append(names, name)
				if name != strings.ToLower(name) || strings.ContainsAny(name, "_-") {
					t.Fatalf("%q is no attribute name", name)
				}
				dec.Token()
			}
		}
		if !slices.IsSorted(names) {
			t.Fatalf("%v is not in order", names)
		}
	})
}

func TestARefusalAndAnInvalidReadAsErrors(t *testing.T) {
	for want, err := range map[string]error{
		"wrong_state: not now":         &domain.Refusal{Code: "wrong_state", EN: "not now"},
		"missing unit: which unit?":    &domain.Invalid{Code: "missing", Field: "unit", EN: "which unit?"},
		"malformed_json : not JSON":    &domain.Invalid{Code: "malformed_json", EN: "not JSON"},
		"not_allowed: not in this hat": &domain.Refusal{Code: "not_allowed", EN: "not in this hat"},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
