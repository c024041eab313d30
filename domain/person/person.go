// Package person is the history of what is known of somebody: that he is known, in which version, and that he was erased. Who it is stands
// in the vault alone.
package person

import (
	"encoding/json"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
)

// An Event is a fact about a person. The set is closed.
type Event interface{ event() }

// Kind is what kind of person it is.
type Kind string

// The kinds.
const (
	Citizen      Kind = "citizen"
	Organisation Kind = "organisation"
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{Citizen, Organisation} }

// Registered is the first fact. The commitment is over what the vault holds as version 1.
type Registered struct {
	Kind       Kind         `json:"kind"`
	Commitment dossier.Code `json:"commitment"`
}

// Corrected says that the vault holds another version from now on, and why.
type Corrected struct {
	Version    int64        `json:"version"`
	Reason     dossier.Code `json:"reason"`
	Commitment dossier.Code `json:"commitment"`
}

// PersonalDataErased is the last fact, and the certificate: by which decision, and when no backup can open anything any more.
type PersonalDataErased struct {
	Decision dossier.External `json:"decision"`
	Reason   dossier.Code     `json:"reason"`
	Dossiers int              `json:"dossiers"` // under whose keys words about the person lay
	Final    time.Time        `json:"final"`    // by then the keys that wrapped its own in backups are destroyed
}

func (Registered) event()         {}
func (Corrected) event()          {}
func (PersonalDataErased) event() {}

// Person is what its history amounts to.
type Person struct {
	Kind    Kind
	Version int64 // of what the vault holds; 0: not known
	Erased  *PersonalDataErased
}

// Evolve is the only way to a Person.
func Evolve(p Person, e Event) Person {
	switch e := e.(type) {
	case Registered:
		p.Kind, p.Version = e.Kind, 1
	case Corrected:
		p.Version = e.Version
	case PersonalDataErased:
		p.Erased = &e
	}
	return p
}

// May says whether a fact may follow; a *domain.Refusal if not.
func (p Person) May(e Event) error {
	switch {
	case p.Erased != nil:
		return refusal("person_erased", "Dữ liệu của người này đã xóa theo quyết định "+string(p.Erased.Decision)+"; không ghi thêm được. Lập mã người mới nếu cần.",
			"The data of this person were erased by decision "+string(p.Erased.Decision)+"; nothing more can be written. Register a new person if need be.")
	case p.Version == 0:
		if _, first := e.(PersonalDataErased); !first { // words about somebody who was never registered can be erased too
			if _, first := e.(Registered); !first {
				return refusal("person_unknown", "Không có người này trong kho. Đăng ký trước (dossier person register).", "The vault does not know this person. Register it first (dossier person register).")
			}
		}
	default:
		if _, again := e.(Registered); again {
			return refusal("person_known", "Người này đã đăng ký. Dùng “sửa” (dossier person correct).", "This person is registered already. Correct it instead (dossier person correct).")
		}
	}
	return nil
}

func refusal(code, vi, en string) *domain.Refusal { return &domain.Refusal{Code: code, VI: vi, EN: en} }

var kinds = domain.Kinds[Event]{
	"person.registered":           {Version: 1, Event: Registered{}},
	"person.corrected":            {Version: 1, Event: Corrected{}},
	"person.personal-data-erased": {Version: 1, Event: PersonalDataErased{}},
}

// TypeNames lists the stored names with their newest versions, as subscribers know them: "person.registered.v1".
func TypeNames() []string { return kinds.TypeNames() }

// Encode returns the stored name, its newest version and the stored data.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	return kinds.Encode(e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	return kinds.Decode(typ, version, data)
}
