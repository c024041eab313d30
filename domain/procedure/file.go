package procedure

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"

	"dossier/domain"
	"dossier/domain/document"
)

// file is a version as people write it: the decision, and beside it everything it publishes.
type file struct {
	Decision Decision `json:"publication"`
	Version
}

// Text is a file that was read: it knows on which line each of its values stands.
type Text struct {
	Wish Publish
	doc  document.Document
}

// Read reads a file and returns the wish to publish it. With mistakes in its form there is no wish; what is wrong with its content,
// Check tells, and Place puts in its line.
func Read(data []byte) (Text, []document.Mistake) {
	var f file
	doc, mistakes := document.Read(data, &f)
	if len(mistakes) > 0 {
		return Text{}, mistakes
	}
	t := Text{Publish{Decision: f.Decision, Version: f.Version.complete()}, doc}
	if bad := f.Decision.check(); bad != nil {
		return t, []document.Mistake{t.Place(Finding{Path: bad.Field, VI: bad.VI, EN: bad.EN})}
	}
	return t, nil
}

// Place puts a finding in its line. The counter-example stands behind the text.
func (t Text) Place(f Finding) document.Mistake {
	m := document.Mistake{Line: t.doc.Line(f.Path), Path: f.Path, VI: f.VI, EN: f.EN}
	if len(f.History) > 0 {
		m.EN += "\n    " + strings.Join(f.History, "\n    ")
	}
	return m
}

// Refused puts what Decide says of a file in its place.
func (t Text) Refused(err error) document.Mistake {
	f := Finding{VI: err.Error(), EN: err.Error()}
	if bad := (*domain.Invalid)(nil); errors.As(err, &bad) {
		f = Finding{Path: bad.Field, VI: bad.VI, EN: bad.EN}
	}
	if refusal := (*domain.Refusal)(nil); errors.As(err, &refusal) {
		f = Finding{Path: refusal.Field, VI: refusal.VI, EN: refusal.EN}
	}
	return t.Place(f)
}

// IDOf is the id of the procedure that a file is about, "" when it does not say.
func IDOf(data []byte) string {
	var f struct{ ID string }
	_ = json.Unmarshal(data, &f) // what is wrong with the file, Read tells
	return f.ID
}

//go:embed shipped/*.json
var shipped embed.FS

// Shipped returns the files of the procedures that come with the program, by id.
func Shipped() map[string][]byte { return maps.Clone(files()) }

var files = sync.OnceValue(func() map[string][]byte {
	files := map[string][]byte{}
	entries, err := shipped.ReadDir("shipped")
	for _, e := range entries {
		var data []byte
		if data, err = shipped.ReadFile("shipped/" + e.Name()); err == nil {
			files[strings.TrimSuffix(e.Name(), ".json")] = data
		}
	}
	if err != nil {
		panic(fmt.Sprintf("read the embedded procedures: %v", err)) // a broken file is a broken program
	}
	return files
})
