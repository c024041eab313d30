package document_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"dossier/domain/document"
)

type paint string

type shelf struct {
	Code   string          `json:"code" vi:"Mã" en:"Code"`
	Number int             `json:"number,omitempty"`
	Open   *bool           `json:"open,omitempty"`
	Paint  paint           `json:"paint,omitempty"`
	Since  colour          `json:"since,omitempty"`
	Parts  []string        `json:"parts,omitempty"`
	Counts map[string]int  `json:"counts,omitempty"`
	Free   json.RawMessage `json:"free,omitempty"`
	Hidden string          `json:"-"`
	Unsaid string
}

func TestTheSchemaOfATypeSaysWhatReadTakes(t *testing.T) {
	got, err := json.Marshal(document.Schema(reflect.TypeFor[shelf](), map[reflect.Type][]string{reflect.TypeFor[paint](): {"red", "blue"}}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"additionalProperties":false,"properties":{` +
		`"code":{"title":"Mã","type":"string","x-title-en":"Code"},` +
		`"counts":{"additionalProperties":{"type":"integer"},"type":"object"},` +
		`"free":{"type":"object"},` +
		`"number":{"type":"integer"},` +
		`"open":{"type":"boolean"},` +
		`"paint":{"enum":["red","blue"],"type":"string"},` +
		`"parts":{"items":{"type":"string"},"type":"array"},` +
		`"since":{"format":"date","type":"string"}},` +
		`"required":["code"],"type":"object"}`
	if string(got) != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
