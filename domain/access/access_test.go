package access

import (
	"reflect"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/internal/goldentest"

	"github.com/google/uuid"
)

// stored is one entry of each kind, as it went into a journal once. The files and their sums are never changed: what was stored is read for ever.
var stored = map[string]Event{
	"access.command-refused.v1":   CommandRefused{Command: "request-supplement", Dossier: uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b"), Rule: "second_supplement", Basis: "NĐ 118/2025, Điều 19.5"},
	"access.file-read.v1":         FileRead{Dossier: uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b"), File: uuid.MustParse("0197f2aa-0000-7000-8000-0000000000f1")},
	"access.files-listed.v1":      FilesListed{Dossier: uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b")},
	"access.dossier-opened.v1":    DossierOpened{Dossier: uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b")},
	"access.dossiers-listed.v1":   DossiersListed{Dossiers: []uuid.UUID{uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b"), uuid.MustParse("1c6a3d2f-a4e5-5f8b-8b52-8d7e6f504b3c")}},
	"access.words-read.v1":        WordsRead{Dossier: uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b"), Purpose: "complaint"},
	"access.persons-read.v1":      PersonsRead{Persons: []uuid.UUID{uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b")}, Search: true, Purpose: "counter"},
	"access.key-made.v1":          KeyMade{Key: "k7h2m4q9xw3t", As: "case_officer", Until: time.Date(2027, 11, 26, 0, 0, 0, 0, time.UTC)},
	"access.key-confirmed.v1":     KeyConfirmed{Key: "k7h2m4q9xw3t"},
	"access.key-revoked.v1":       KeyRevoked{Key: "k7h2m4q9xw3t"},
	"access.key-refused.v1":       KeyRefused{Key: "k7h2m4q9xw3t", Rule: "key_expired"},
	"access.session-opened.v1":    SessionOpened{Level: "2"},
	"access.sessions-ended.v1":    SessionsEnded{Of: "clerk", Count: 2},
	"access.subject-linked.v1":    SubjectLinked{To: "clerk"},
	"access.subject-confirmed.v1": SubjectConfirmed{To: "clerk"},
	"access.entries-missed.v1":    EntriesMissed{Count: 3, Since: time.Date(2026, 11, 25, 8, 30, 0, 0, time.UTC)},
}

func TestStoredEntriesAreReadForEver(t *testing.T) {
	goldentest.Events(t, stored, TypeNames(), Encode, Decode, func(name string, event, read Event) {
		if !reflect.DeepEqual(read, event) {
			t.Errorf("%s: %+v", name, read)
		}
	})
}

// What an entry may hold: codes, citations, ids, numbers, times. A plain string would let a name in.
func TestNoEntryHasRoomForFreeText(t *testing.T) {
	for name, k := range kinds {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(k.Event)) {
			switch zero := reflect.Zero(f.Type).Interface().(type) {
			case interface{ Valid() bool }, uuid.UUID, []uuid.UUID, time.Time, int, bool:
			default:
				t.Errorf("%s.%s is a %T: not a code, citation, id, number or time", name, f.Name, zero)
			}
		}
	}
}

func TestWhatAPersonTypedIsNotStored(t *testing.T) {
	for _, typed := range []string{"Nguyễn Văn A", "he lives in Hanoi", "0912345678", "079185001234", "a b"} {
		for _, e := range []CommandRefused{{Command: dossier.Code(typed), Rule: "wrong_state"}, {Command: "accept", Rule: dossier.Code(typed)}, {Command: "accept", Rule: "wrong_state", Basis: Basis(typed)}} {
			if _, _, data, err := Encode(e); err == nil {
				t.Errorf("stored: %s", data)
			}
		}
		if e := Refused("accept", uuid.Nil, &domain.Refusal{Code: "wrong_state", VI: typed, EN: typed, Field: typed, Basis: typed}); e != (CommandRefused{Command: "accept", Rule: "wrong_state"}) {
			t.Errorf("%q went into %+v", typed, e)
		}
	}
}

func TestAGapIsRecordedWithHowManyAndSinceWhen(t *testing.T) {
	since := time.Date(2026, 11, 25, 8, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		gap    EntriesMissed
		stored bool
	}{{EntriesMissed{1, since}, true}, {EntriesMissed{0, since}, false}, {EntriesMissed{-1, since}, false}, {EntriesMissed{1, time.Time{}}, false}} {
		if _, _, data, err := Encode(c.gap); (err == nil) != c.stored {
			t.Errorf("%+v: stored as %s, %v", c.gap, data, err)
		}
	}
}

func TestEveryRuleOfTheDomainCanBeRecordedWithItsBasis(t *testing.T) {
	for _, g := range dossier.Guards() {
		e := Refused("accept", uuid.Nil, &domain.Refusal{Code: g.Code, Basis: g.Basis})
		if _, _, _, err := Encode(e); err != nil || string(e.Basis) != g.Basis {
			t.Errorf("%s %q: %+v, %v", g.Code, g.Basis, e, err)
		}
	}
	for _, number := range []Basis{"3578/QĐ-BNNMT", "12/QĐ-SNN", "136/2025/NĐ-CP", "12/QĐ"} {
		if !number.Valid() {
			t.Errorf("%q is no basis", number)
		}
	}
}
