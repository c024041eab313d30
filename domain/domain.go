// Package domain holds the words every rule of dossier shares: who acted, in which role, and why a wish was refused.
package domain

import (
	"encoding/json"
	"fmt"
)

// A Role is what an account may do in an authority (domain-vn §10).
type Role string

// The roles of an authority and of the people before it.
const (
	Applicant           Role = "applicant"
	ReceptionOfficer    Role = "reception_officer"
	ReturnOfficer       Role = "return_officer"
	OneStopLead         Role = "one_stop_lead"
	Clerk               Role = "clerk"
	DivisionHead        Role = "division_head"
	CaseOfficer         Role = "case_officer"
	ConsultedUnit       Role = "consulted_unit"
	Approver            Role = "approver"
	FeeOfficer          Role = "fee_officer" // fee notices, payments, refunds
	ProcedureController Role = "procedure_controller"
	CatalogueAdmin      Role = "catalogue_admin" // versions of procedures, forms, calendars
	SystemAdmin         Role = "system_admin"
	Auditor             Role = "auditor"
	System              Role = "system" // timers, importers: the machine itself
)

// Roles lists them.
func Roles() []Role {
	return []Role{
		Applicant, ReceptionOfficer, ReturnOfficer, OneStopLead, Clerk, DivisionHead, CaseOfficer, ConsultedUnit, Approver, FeeOfficer,
		ProcedureController, CatalogueAdmin, SystemAdmin, Auditor, System,
	}
}

// Actor says who acts: an account id, the role it acts in and the unit it belongs to. Never a name.
type Actor struct {
	Account string `json:"account"`
	Role    Role   `json:"role"`
	Unit    string `json:"unit,omitempty"`
}

// Origin says where a fact came from when it was not a live act.
type Origin string

// The origins. Live acts leave it empty.
const (
	Live     Origin = ""
	Imported Origin = "import"
	Demo     Origin = "demo"
)

// Meta is what every event says beside its data. It is stored as a flat JSON object of strings under lower-case keys in
// alphabetical order, so each key is also a CloudEvents extension attribute and nothing is lost on the way to Kafka and back.
type Meta struct {
	Actor       string `json:"actor"`
	ActorRole   Role   `json:"actorrole"`
	ActorUnit   string `json:"actorunit,omitempty"`
	Batch       string `json:"batch,omitempty"`       // the batch that it was done in
	CommandHash string `json:"commandhash,omitempty"` // keyed hash of the command's body
	CommandID   string `json:"commandid,omitempty"`
	LateReason  string `json:"latereason,omitempty"` // why it was entered later than it happened: a code
	Origin      Origin `json:"origin,omitempty"`
	Sandbox     string `json:"sandbox,omitempty"` // of a test: the round of the sandbox
	Traceparent string `json:"traceparent,omitempty"`
}

// By returns who acted.
func (m Meta) By() Actor { return Actor{Account: m.Actor, Role: m.ActorRole, Unit: m.ActorUnit} }

// Encode returns the stored form.
func (m Meta) Encode() (json.RawMessage, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode meta: %w", err)
	}
	return b, nil
}

// DecodeMeta is the inverse of Encode. It runs for every event that is read: what Encode writes takes a short way past encoding/json.
func DecodeMeta(b []byte) (Meta, error) {
	var m Meta
	if m.plain(b) {
		return m, nil
	}
	m = Meta{}
	if err := json.Unmarshal(b, &m); err != nil {
		return Meta{}, fmt.Errorf("decode meta: %w", err)
	}
	return m, nil
}

// plain reads an object of known members with texts of plain ASCII and no spaces around them, and says whether it was one.
func (m *Meta) plain(b []byte) bool {
	if len(b) == 0 || b[0] != '{' {
		return false
	}
	for b = b[1:]; ; b = b[1:] {
		name, rest := plainText(b)
		if len(rest) == 0 || rest[0] != ':' {
			return false
		}
		value, rest := plainText(rest[1:])
		member := m.member(string(name))
		if len(rest) == 0 || member == nil {
			return false
		}
		*member = string(value)
		switch b = rest; {
		case b[0] == '}':
			return len(b) == 1
		case b[0] != ',':
			return false
		}
	}
}

// plainText cuts a JSON string without escapes off the front of b; nothing is left when there is none.
func plainText(b []byte) (text, rest []byte) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil
	}
	for i, c := range b[1:] {
		switch {
		case c == '"':
			return b[1 : i+1], b[i+2:]
		case c < ' ' || c == '\\' || c > '~':
			return nil, nil
		}
	}
	return nil, nil
}

func (m *Meta) member(name string) *string {
	switch name {
	case "actor":
		return &m.Actor
	case "actorrole":
		return (*string)(&m.ActorRole)
	case "actorunit":
		return &m.ActorUnit
	case "batch":
		return &m.Batch
	case "commandhash":
		return &m.CommandHash
	case "commandid":
		return &m.CommandID
	case "latereason":
		return &m.LateReason
	case "origin":
		return (*string)(&m.Origin)
	case "sandbox":
		return &m.Sandbox
	case "traceparent":
		return &m.Traceparent
	}
	return nil
}

// A Refusal is a wish that the rules do not allow now. It is a value, not a fault: its texts are shown to people.
type Refusal struct {
	Code  string // stable, snake case: "wrong_state"
	Field string // the command's field it is about, "" for the whole command
	VI    string // what, and how to mend it
	EN    string
	Basis string // the article it rests on, "" for a rule of the product
}

func (r *Refusal) Error() string { return r.Code + ": " + r.EN }

// An Invalid is a command that cannot be understood or carries a value outside its closed list; it never reaches the rules.
type Invalid struct {
	Code  string // "unknown_command", "unknown_field", "missing", "not_in_list", "malformed_json", "unknown_procedure"
	Field string
	VI    string
	EN    string
}

func (i *Invalid) Error() string { return i.Code + " " + i.Field + ": " + i.EN }
