package domain_test

import (
	"slices"
	"testing"

	"dossier/domain"
)

type (
	fact   interface{ fact() }
	opened struct {
		Code string `json:"code"`
	}
	closed  struct{}
	foreign struct{}
)

func (opened) fact()  {}
func (closed) fact()  {}
func (foreign) fact() {}

var facts = domain.Kinds[fact]{"office.opened": {Version: 2, Event: opened{}}, "office.closed": {Version: 1, Event: closed{}}}

func TestAFactIsStoredUnderItsNameAndReadBack(t *testing.T) {
	for _, c := range []struct {
		fact    fact
		name    string
		version int
		data    string
	}{
		{opened{Code: "h1"}, "office.opened", 2, `{"code":"h1"}`},
		{closed{}, "office.closed", 1, `{}`},
	} {
		name, version, data, err := facts.Encode(c.fact)
		if err != nil || name != c.name || version != c.version || string(data) != c.data {
			t.Errorf("%+v is stored as %s version %d %s, %v", c.fact, name, version, data, err)
		}
		if back, err := facts.Decode(name, version, data); err != nil || back != c.fact {
			t.Errorf("%s reads %+v, %v", data, back, err)
		}
	}
	if got := facts.TypeName(opened{}) + " " + facts.TypeName(closed{}); got != "office.opened.v2 office.closed.v1" {
		t.Errorf("the names are %s", got)
	}
	if got := facts.TypeNames(); !slices.Equal(got, []string{"office.closed.v1", "office.opened.v2"}) {
		t.Errorf("all names: %v", got)
	}
}

func TestWhatIsNoFactOfTheSetIsNeitherWrittenNorRead(t *testing.T) {
	if name, _, data, err := facts.Encode(foreign{}); err == nil || facts.TypeName(foreign{}) != "" {
		t.Errorf("a foreign fact is stored as %s %s", name, data)
	}
	for _, c := range []struct {
		name    string
		version int
		data    string
	}{
		{"office.moved", 1, `{}`},
		{"office.moved", 0, `{}`},
		{"office.opened", 1, `{"code":"h1"}`},
		{"office.opened", 3, `{"code":"h1"}`},
		{"office.opened", 2, `{"code":7}`},
		{"office.opened", 2, `{"code":"h1","name":"x"}`},
		{"office.opened", 2, `{"code":"h1"}{}`},
		{"office.opened", 2, ``},
	} {
		if e, err := facts.Decode(c.name, c.version, []byte(c.data)); err == nil {
			t.Errorf("%s version %d %s reads %+v", c.name, c.version, c.data, e)
		}
	}
}
