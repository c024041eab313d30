package dossier

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"dossier/domain"
)

// What an event may hold: codes, references, closed lists, numbers, times, truth values. A plain string would let a name in.
func TestNoEventAndNoCommandHasRoomForFreeText(t *testing.T) {
	for _, k := range kinds {
		speechless(t, reflect.TypeOf(k.event))
	}
	for _, c := range commands {
		speechless(t, reflect.TypeOf(c))
	}
}

func speechless(t *testing.T, typ reflect.Type) {
	t.Helper()
	for _, f := range reflect.VisibleFields(typ) {
		if f.Anonymous || !f.IsExported() { // what is not exported is never encoded
			continue
		}
		switch zero := reflect.Zero(f.Type).Interface().(type) {
		case interface{ values() []string }, interface{ Valid() bool }, []Code, time.Time, int, bool:
		case Source, Text, Evidence:
			speechless(t, f.Type)
		case []Part, []Given, []Entry, []Enclosure, []StageTerm:
			speechless(t, f.Type.Elem())
		default:
			t.Errorf("%s.%s is a %T: not a code, list, number, time or truth value", typ, f.Name, zero)
		}
	}
}

func TestWordsAreReadFromACommandAndNeverStoredPrintedOrPointedAtByACaller(t *testing.T) {
	c, err := DecodeCommand("send-message", []byte(`{"topic": "question", "text": "Bà Nghĩa ơi,\nthiếu trang 3"}`))
	if err != nil || !HasWords(c) {
		t.Fatalf("%v, %v", c, err)
	}
	for _, shown := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c)} {
		if strings.Contains(shown, "Nghĩa") {
			t.Errorf("printed: %s", shown)
		}
	}
	if b, err := json.Marshal(c); err != nil || strings.Contains(string(b), "trang") {
		t.Errorf("encoded: %s, %v", b, err)
	}
	if _, _, data, err := Encode(MessageSent{Number: 1, Topic: "question", Text: c.(SendMessage).Text}); err == nil {
		t.Errorf("stored: %s", data)
	}
	var places []string
	kept, err := Deposit(c, func(place, words string) (Text, error) {
		places = append(places, place+": "+words)
		return Text{Ref: "r", Commitment: "c"}, nil
	})
	if err != nil || HasWords(kept) || kept.(SendMessage).Text != (Text{Ref: "r", Commitment: "c"}) || !HasWords(c) || len(places) != 1 || places[0] != "text: Bà Nghĩa ơi,\nthiếu trang 3" {
		t.Errorf("%v, %v, %v", kept, err, places)
	}
	for body, code := range map[string]string{
		`{"topic": "question", "text": {"ref": "text-1", "commitment": "ab"}}`:                 "wrong_type",
		`{"topic": "question", "text": 3}`:                                                     "wrong_type",
		`{"topic": "question", "text": "a\u0000b"}`:                                            "text_unreadable",
		`{"topic": "question", "text": "` + strings.Repeat("ê", maxWords+1) + `"}`:             "text_too_long",
		`{"topic": "question", "text": {"ref": "text-1", "commitment": "ab", "words": "xin"}}`: "unknown_field",
	} {
		var bad *domain.Invalid
		if _, err := DecodeCommand("send-message", []byte(body)); !errors.As(err, &bad) || bad.Code != code {
			t.Errorf("%.80s: %v, want %s", body, err, code)
		}
	}
	if c, err := DecodeCommand("send-message", []byte(`{"topic": "question", "text": ""}`)); err != nil || HasWords(c) {
		t.Errorf("no words: %v, %v", c, err)
	}
}

func TestEveryStoredKindIsAnEventOfItsOwnAndEveryRowNamesOnlySuch(t *testing.T) {
	if len(names) != len(kinds) {
		t.Errorf("%d Go types for %d stored names", len(names), len(kinds))
	}
	written := map[string]bool{}
	for _, row := range transitions {
		for _, typ := range append(row.Events, row.Maybe...) {
			written[typ] = true
			if _, known := kinds[typ]; !known {
				t.Errorf("%s gives %s, which cannot be stored", row.Command, typ)
			}
		}
	}
	for typ := range kinds {
		if !written[typ] {
			t.Errorf("no row of the table gives %s", typ)
		}
	}
}

func TestAStoredNameIsTheEventsNameInKebabCase(t *testing.T) {
	for typ, k := range kinds {
		name := strings.TrimPrefix(reflect.TypeOf(k.event).Name(), "Dossier")
		if want := "dossier." + kebab(name); typ != want {
			t.Errorf("%s is stored as %s, want %s", reflect.TypeOf(k.event), typ, want)
		}
	}
}

func TestEveryOldVersionHasAWayToTheNewest(t *testing.T) {
	for typ, k := range kinds {
		for v := 1; v < k.version; v++ {
			if upcasters[typ][v] == nil {
				t.Errorf("%s has no upcaster from version %d", typ, v)
			}
		}
		if len(upcasters[typ]) != k.version-1 {
			t.Errorf("%s has %d upcasters for version %d", typ, len(upcasters[typ]), k.version)
		}
	}
}

func TestEveryGuardSaysItselfInBothLanguagesWithWordsThatExplainKnows(t *testing.T) {
	codes := map[string]bool{}
	for _, g := range guards {
		codes[g.Code] = true
		for _, text := range []string{g.VI, g.EN} {
			if text == "" {
				t.Errorf("%s says nothing", g.Code)
			}
		}
		for _, command := range g.On {
			if !isCommand(command) {
				t.Errorf("%s guards %s, which is no command", g.Code, command)
			}
		}
	}
	if len(codes) != len(GuardCodes()) {
		t.Errorf("codes %v", GuardCodes())
	}
}

func isCommand(name string) bool {
	for _, c := range commands {
		if c.Name() == name {
			return true
		}
	}
	return false
}

// A reason chosen from a list may always be explained.
func TestEveryReasonCarriesWords(t *testing.T) {
	for _, c := range commands {
		typ := reflect.TypeOf(c)
		reason, text := false, false
		for _, f := range reflect.VisibleFields(typ) {
			_, listed := reflect.Zero(f.Type).Interface().(lister)
			reason = reason || listed && (f.Name == "Reason" || f.Name == "Ground")
			text = text || f.Type == reflect.TypeFor[Text]()
		}
		if reason && !text {
			t.Errorf("%s has a reason and takes no words", c.Name())
		}
	}
}
