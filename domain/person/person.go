// Package person is the history of what is known of somebody: that he is known, in which version, who may act for him, what he asked of his data, and that he was erased. Who it is stands
// in the vault alone.
package person

import (
	"encoding/json"
	"slices"
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
	Kind     Kind
	Version  int64 // of what the vault holds; 0: not known
	Mandates []Mandate
	Requests []Request
	Erased   *PersonalDataErased
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
	case MandateGranted:
		p.Mandates = append(slices.Clip(p.Mandates), Mandate{MandateGranted: e})
	case MandateEnded:
		if i := e.Number - 1; i >= 0 && i < len(p.Mandates) {
			p.Mandates = slices.Clone(p.Mandates)
			p.Mandates[i].Ended = &e.From
		}
	case RequestReceived:
		p.Requests = append(slices.Clip(p.Requests), Request{RequestReceived: e})
	case RequestAnswered:
		p.change(e.Number, func(r *Request) { r.Answer, r.Basis, r.Late = e.Answer, e.Basis, r.Late || e.Late })
	case RequestExtended:
		p.change(e.Number, func(r *Request) { r.DoneBy, r.Extended = e.DoneBy, true })
	case RequestDone:
		p.change(e.Number, func(r *Request) { r.Done, r.Late = true, r.Late || e.Late })
	}
	return p
}

func (p *Person) change(number int, do func(*Request)) {
	if number < 1 || number > len(p.Requests) {
		return
	}
	p.Requests = slices.Clone(p.Requests)
	do(&p.Requests[number-1])
}

// May says whether a fact may follow; a *domain.Refusal if not.
func (p Person) May(e Event) error {
	switch {
	case p.Erased != nil && !closes(e):
		return refusal("person_erased", "Dữ liệu của người này đã xóa theo quyết định "+string(p.Erased.Decision)+"; không ghi thêm được. Lập mã người mới nếu cần.",
			"The data of this person were erased by decision "+string(p.Erased.Decision)+"; nothing more can be written. Register a new person if need be.")
	case p.Version == 0:
		switch e.(type) {
		case Registered, PersonalDataErased, RequestReceived, RequestAnswered, RequestExtended, RequestDone: // words of somebody who was never registered are personal too
		default:
			return refusal("person_unknown", "Không có người này trong kho. Đăng ký trước (dossier person register).", "The vault does not know this person. Register it first (dossier person register).")
		}
	default:
		if _, again := e.(Registered); again {
			return refusal("person_known", "Người này đã đăng ký. Dùng “sửa” (dossier person correct).", "This person is registered already. Correct it instead (dossier person correct).")
		}
	}
	switch e := e.(type) {
	case MandateGranted:
		return p.mayGrant(e)
	case MandateEnded:
		return p.mayEnd(e)
	case RequestReceived:
		return p.mayAsk(e)
	case RequestAnswered:
		return p.mayAnswer(e)
	case RequestExtended:
		return p.mayExtend(e)
	case RequestDone:
		return p.mayFinish(e)
	}
	return nil
}

// closes says whether a fact only ends what was asked before: that is possible when the data are gone, and mostly because they are.
func closes(e Event) bool {
	switch e.(type) {
	case RequestAnswered, RequestDone, MandateEnded:
		return true
	}
	return false
}

func refusal(code, vi, en string) *domain.Refusal { return &domain.Refusal{Code: code, VI: vi, EN: en} }

// ErasedType is the stored name of the last fact.
const ErasedType = "person.personal-data-erased"

var kinds = domain.Kinds[Event]{
	"person.registered":       {Version: 1, Event: Registered{}},
	"person.corrected":        {Version: 1, Event: Corrected{}},
	ErasedType:                {Version: 1, Event: PersonalDataErased{}},
	"person.mandate-granted":  {Version: 1, Event: MandateGranted{}},
	"person.mandate-ended":    {Version: 1, Event: MandateEnded{}},
	"person.request-received": {Version: 1, Event: RequestReceived{}},
	"person.request-answered": {Version: 1, Event: RequestAnswered{}},
	"person.request-extended": {Version: 1, Event: RequestExtended{}},
	"person.request-done":     {Version: 1, Event: RequestDone{}},
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
