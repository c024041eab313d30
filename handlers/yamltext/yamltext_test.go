package yamltext_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"dossier/domain/document"
	"dossier/handlers/yamltext"
)

type shape struct {
	Name string   `json:"name"`
	Days []string `json:"days,omitempty"`
	Deep []struct {
		N    int  `json:"n"`
		Good bool `json:"good,omitempty"`
	} `json:"deep,omitempty"`
}

func TestEveryValueStandsOnItsLine(t *testing.T) {
	text := `# a file of rules
name: thử # said

days:
  - 2026-11-24
  - "3"

deep:
  - n: 1
    good: true
  - {n: 2,
     good: false}
  - n: x
`
	data, mistakes := yamltext.JSON([]byte(text))
	if len(mistakes) > 0 || !json.Valid(data) {
		t.Fatalf("%v\n%s", mistakes, data)
	}
	var s shape
	_, mistakes = document.Read(data, &s)
	if len(mistakes) != 1 || mistakes[0].Path != "deep[2].n" || mistakes[0].Line != 13 {
		t.Errorf("%v", mistakes)
	}
	if s.Name != "thử" || s.Days[0] != "2026-11-24" || s.Days[1] != "3" || s.Deep[1].N != 2 || !s.Deep[0].Good {
		t.Errorf("%+v", s)
	}
	for _, line := range []string{`"thử"`, `"2026-11-24"`, `"x"`} {
		at := 1 + bytes.Count(data[:bytes.Index(data, []byte(line))], []byte("\n"))
		if want := 1 + strings.Count(text[:strings.Index(text, strings.Trim(line, `"`))], "\n"); at != want {
			t.Errorf("%s stands on line %d, not %d", line, at, want)
		}
	}
}

func TestWhatCannotBeReadSaysItsLine(t *testing.T) {
	for text, line := range map[string]int{
		"": 1, "name: [": 1, "name: a\n---\nname: b\n": 2, "name: a\nname: b\n": 1 /* where the first stands */, "name: &x a\n": 1, "name: a\ndays: [\"b\", \"c\"]\ndeep: [{n: 1, <<: {n: 2}}]\n": 3, "name: a\n\tdays: b\n": 2,
	} {
		data, mistakes := yamltext.JSON([]byte(text))
		if len(mistakes) == 0 {
			var s shape
			_, mistakes = document.Read(data, &s)
		}
		if len(mistakes) == 0 || mistakes[0].Line != line || mistakes[0].VI == "" || mistakes[0].EN == "" {
			t.Errorf("%q: %v, want line %d", text, mistakes, line)
		}
	}
}

func FuzzWhatComesOutIsJSON(f *testing.F) {
	f.Add([]byte("a: [1, {b: c}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if data, mistakes := yamltext.JSON(text); len(mistakes) == 0 && !json.Valid(data) {
			t.Errorf("%q: %s", text, data)
		}
	})
}
