package dossier

import (
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"unicode"
	"unicode/utf8"

	"dossier/domain"
)

// Text points to what a person typed. The words lie in the vault, under the key of a person or of the dossier; the event holds where,
// and a salted commitment by which they can be proved later. What has no words has no Text.
//
// In a command a text is written as what was typed. The words stay beside the pointer, where nothing encodes them, until they are in the
// vault (Deposit).
type Text struct {
	Ref        Ref  `json:"ref"`
	Commitment Code `json:"commitment"` // hexadecimal

	words string
}

// Typed is a text that is not in the vault yet.
func Typed(words string) Text { return Text{words: words} }

// maxWords is how long a text may be, in characters.
const maxWords = 4000

// String never tells the words, whoever prints it.
func (t Text) String() string { return "text " + string(t.Ref) }

// GoString is String: %#v would walk into the words.
func (t Text) GoString() string { return t.String() }

// Equal compares words too.
func (t Text) Equal(o Text) bool { return t == o }

// Deposit returns the command with each typed text changed for what keep makes of it. The place says which text of the command it is.
func Deposit(c Command, keep func(place, words string) (Text, error)) (Command, error) {
	v := reflect.New(reflect.TypeOf(c)).Elem()
	v.Set(reflect.ValueOf(c))
	for _, f := range schemas[v.Type()] {
		m := v.FieldByIndex(f.index)
		switch has := m.Interface().(type) {
		case Text:
			kept, err := has.kept(f.name, keep)
			if err != nil {
				return nil, err
			}
			m.Set(reflect.ValueOf(kept))
		case []Entry:
			has = slices.Clone(has)
			for i, e := range has {
				var err error
				if has[i].Text, err = e.Text.kept(e.place(), keep); err != nil {
					return nil, err
				}
			}
			m.Set(reflect.ValueOf(has))
		}
	}
	return v.Interface().(Command), nil
}

func (t Text) kept(place string, keep func(place, words string) (Text, error)) (Text, error) {
	if t.words == "" {
		return t, nil
	}
	return keep(place, t.words)
}

// HasWords says whether a command brings words that are not in the vault yet.
func HasWords(c Command) bool {
	has := false
	_, _ = Deposit(c, func(_, _ string) (Text, error) { has = true; return Text{}, nil })
	return has
}

// TextsOf lists the texts that an event points to, by the member that holds them.
func TextsOf(e Event) map[string]Text {
	return maps.Collect(texts(reflect.ValueOf(e)))
}

// texts goes through those of a command or event, each with its place.
func texts(v reflect.Value) iter.Seq2[string, Text] {
	return func(yield func(string, Text) bool) {
		for _, f := range schemas[v.Type()] {
			if f.shape != isText && f.shape != isObject && f.shape != isObjects {
				continue
			}
			switch m := v.FieldByIndex(f.index).Interface().(type) {
			case Text:
				if m != (Text{}) && !yield(f.name, m) {
					return
				}
			case Evidence:
				if m.Signature != (Text{}) && !yield(InEvidence, m.Signature) {
					return
				}
			case []Entry:
				for _, e := range m {
					if !yield(e.place(), e.Text) {
						return
					}
				}
			}
		}
	}
}

// InEvidence is the place of a signature among the texts of an event: nobody typed it.
const InEvidence = "evidence.signature"

// checkWords refuses what could not be shown again as it was typed.
func checkWords(field, words string) *domain.Invalid {
	if n := utf8.RuneCountInString(words); n > maxWords {
		return &domain.Invalid{Code: "text_too_long", Field: field,
			VI: fmt.Sprintf("“%s” dài %d ký tự; tối đa %d. Rút ngắn, hoặc đính kèm tệp.", field, n, maxWords),
			EN: fmt.Sprintf("“%s” has %d characters; at most %d. Shorten it, or attach a file.", field, n, maxWords)}
	}
	for _, r := range words {
		if r == utf8.RuneError || r == 0 || unicode.Is(unicode.Cc, r) && r != '\n' && r != '\r' && r != '\t' {
			return &domain.Invalid{Code: "text_unreadable", Field: field,
				VI: "“" + field + "” có ký tự điều khiển hoặc không phải UTF-8. Gõ lại phần đó.",
				EN: "“" + field + "” holds control characters or is not UTF-8. Type that part again."}
		}
	}
	return nil
}
