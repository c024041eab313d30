package exchange

import (
	"errors"
	"os"
	"strings"
	"testing"

	"dossier/domain/dossier"
)

const shipped = "../../docs/examples/receipt.yaml"

func shippedMapping(t testing.TB) *Mapping {
	t.Helper()
	m, err := LoadMapping(shipped)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func shippedText(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(shipped)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lineOf is the line of the shipped mapping on which a text stands.
func lineOf(text, part string) int { return 1 + strings.Count(text[:strings.Index(text, part)], "\n") }

func TestAWrongMappingSaysWhichLineAndWhatItMayHaveMeant(t *testing.T) {
	t.Parallel()
	text := shippedText(t)
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":                  {"source: receipt", "sorce: receipt", `unknown key "sorce" in the mapping: did you mean "source"?`},
		"unknown part of the event":    {"resource: org:resource", "resorce: org:resource", `unknown key "resorce" in event: did you mean "resource"?`},
		"unknown command":              {"command: accept", "command: acept", `unknown command "acept": did you mean "accept"?`},
		"long name of a command":       {"command: accept", "command: accept-dossier", `unknown command "accept-dossier": did you mean "accept"?`},
		"unknown field":                {"verdict: unknown", "verdct: unknown", `record-opinion: there is no field "verdct": did you mean "verdict"?`},
		"field without its command's":  {"due: {attribute: deadline}", "until: {attribute: deadline}", `record-deadline: there is no field "until"`},
		"value outside its list":       {"Internet: online", "Internet: onlin", `value "Internet" becomes "onlin"`},
		"constant outside its list":    {"outcome: unknown", "outcome: dunno", `record-outcome: `},
		"closed list without values":   {"verdict: unknown", "verdict: {event: org:group}", `field "verdict" takes values of a closed list`},
		"event read from an attribute": {"due: {attribute: deadline}", "due: {event: deadline}", `a trace's attribute has no event to read "deadline" from`},
		"no attribute":                 {"due: {attribute: deadline}", "due: {}", `either from an attribute of the trace`},
		"import's own field":           {"applicant: {attribute", "external_code: {attribute", `field "external_code" of submit is filled in by the import itself`},
		"no command":                   {"    command: accept\n", "    fields: {}\n", `key "command" is missing`},
		"twice the same key":           {"  deadline:\n", "  startdate:\n", `key "startdate" stands already at line`},
		"not external":                 {"external: true", "external: false", `external must be true`},
		"our own procedure":            {"id: ext:nl", "id: nl", `must begin with ext:`},
		"a bad expression":             {`^T\d+(-\d+)?`, `^T(`, `step_code is no regular expression`},
		"a code that is none":          {"ext:test-2", "Test 2", `is no code`},
		"a second start":               {"command: record-outcome\n    fields:\n      outcome: unknown", "command: submit\n    fields: {applicant: ext:a, channel: post}", `a second submit`},
		"an unknown zone":              {"source: receipt ", "zone: Europe/Amstrdam\nsource: receipt ", `zone "Europe/Amstrdam" is unknown`},
		"a tab":                        {"  T09-*:", "\tT09-*:", `broken YAML`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(text, c.old) {
				t.Fatalf("the shipped mapping has no %q", c.old)
			}
			_, err := ParseMapping("receipt.yaml", []byte(strings.Replace(text, c.old, c.new, 1)))
			var wrong *MappingError
			if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got  %v\nwant %s", err, c.want)
			}
			for _, p := range wrong.Problems {
				if at := lineOf(text, c.old); p.Line < at-4 || p.Line > at+4 {
					t.Errorf("%v: want a line near %d", err, at)
				}
			}
		})
	}
}

func TestEveryMistakeOfAMappingIsListedAtOnce(t *testing.T) {
	t.Parallel()
	text := `sourc: x
procedure: {id: ext:p, external: true}
case: {attribute: a}
event: {activity: b, tme: c}
activities:
  One: {command: acept}
  Two: {command: accept, fields: [1]}
`
	_, err := ParseMapping("m.yaml", []byte(text))
	want := `m.yaml:1: unknown key "sourc" in the mapping: did you mean "source"?
m.yaml:1: the mapping: key "source" is missing
m.yaml:4: unknown key "tme" in event: did you mean "time"?
m.yaml:4: event: key "time" is missing
m.yaml:6: unknown command "acept": did you mean "accept"?
m.yaml:7: fields must be a map of the command's fields, not a list`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestSeveralWrongFieldsOfOneCommandAreAllNamed(t *testing.T) {
	t.Parallel()
	text := `source: x
procedure: {id: ext:p, external: true}
case: {attribute: a}
event: {activity: b, time: c}
activities:
  One:
    command: submit
    fields: {applicant: ext:a, channel: post}
  Two:
    command: request-supplement
    fields:
      item: [form]
      reason: sloppy
`
	_, err := ParseMapping("m.yaml", []byte(text))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"m.yaml:12: ", "m.yaml:13: ", "item", "reason"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %s", err, want)
		}
	}
}

func TestAnEmptyOrForeignMappingIsRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                  "m.yaml:1: the mapping is empty",
		"just text":         `m.yaml:1: the mapping must be a map of keys, not "just text"`,
		"a: 1\n---\nb: 2\n": "m.yaml:2: a mapping is one document",
		"# nothing":         "m.yaml:1: the mapping is empty",
	} {
		if _, err := ParseMapping("m.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	if _, err := LoadMapping("no-such.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestTheTemplatesCoverEveryCommand(t *testing.T) {
	t.Parallel()
	for _, name := range dossier.CommandNames() {
		found := false
		for _, c := range templates {
			found = found || dossier.Kebab(c.Name()) == name
		}
		if !found {
			t.Errorf("%s is no template: its fields cannot be suggested", name)
		}
	}
}

func TestCodesAreMadeTheSameWayForEver(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Group 1":                         "ext:group-1",
		"  T06 --  x ":                    "ext:t06----x",
		"Thẩm định đơn, Đợt 2":            "ext:tham-dinh-don-dot-2",
		"日本":                              "ext:x-" + shortHash("日本"),
		strings.Repeat("long words ", 10): "ext:long-words-long-words-long-words-long-words-long-wo-" + shortHash(strings.Repeat("long words ", 10)),
		"a::b/c":                          "ext:a::b-c",
	} {
		if got := extCode(text); got != want || !dossier.Code(got).Valid() {
			t.Errorf("%q is %q (valid: %v), want %q", text, got, dossier.Code(got).Valid(), want)
		}
	}
}
