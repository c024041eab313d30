package web

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// pair finds what a template says: both languages stand beside each other.
var pair = regexp.MustCompile(`\bt "([^"]*)" "([^"]*)"`)

func TestEveryTemplateSaysEverythingInBothLanguages(t *testing.T) {
	names, err := fs.Glob(sources, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(sources, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range pair.FindAllStringSubmatch(string(text), -1) {
			both(t, name, Words{found[1], found[2]})
		}
	}
}

func both(t *testing.T, where string, w Words) {
	t.Helper()
	if strings.TrimSpace(w.VI) == "" || strings.TrimSpace(w.EN) == "" {
		t.Errorf("%s: %+v lacks a language", where, w)
	}
	if strings.Count(w.VI, "%") != strings.Count(w.EN, "%") {
		t.Errorf("%s: %+v take different values", where, w)
	}
}

func TestEveryStateHasAToneWithAnIconAndATurn(t *testing.T) {
	for _, status := range dossier.Statuses() {
		for _, outcome := range append(dossier.Values("outcome"), "") {
			s := dossier.State{Status: status, Outcome: dossier.Outcome(outcome)}
			if _, err := icon(s.Tone()); err != nil {
				t.Errorf("%s %s: %v", status, outcome, err)
			}
			both(t, string(status), turns(s))
			if s.Words("vi") == string(status) || s.Words("en") == string(status) {
				t.Errorf("%s has no words", status)
			}
		}
		if !slices.ContainsFunc(groups, func(g queue) bool { return slices.Contains(of(g.Code), status) }) {
			t.Errorf("%s stands in no queue", status)
		}
	}
}

func TestEveryLiveCommandHasAFormWithWords(t *testing.T) {
	for _, transition := range dossier.Table() {
		name := kebab(transition.Command)
		if transition.Origin != "" || slices.Equal(transition.Actors, []domain.Role{domain.System}) {
			continue // nobody's hand
		}
		fields, ok := shapes[name]
		if !ok {
			t.Errorf("%s has no form", name)
		}
		for _, f := range fields {
			both(t, name+"."+f.name, f.words)
			if f.list != "" && len(choices(f.list)) == 0 {
				t.Errorf("%s.%s has no choices", name, f.name)
			}
			for _, code := range choices(f.list) {
				if label(f.list, code, VI) == code || label(f.list, code, EN) == code {
					t.Errorf("%s.%s: %s has no words", name, f.name, code)
				}
			}
		}
	}
}

func TestEverySectorOfTheCatalogueHasWords(t *testing.T) {
	for _, v := range procedure.Catalogue() {
		if sectorWords(v.Sector, VI) == v.Sector {
			t.Errorf("sector %s has no words", v.Sector)
		}
	}
}
