package procedure

import (
	"encoding/json"

	"dossier/domain/calendar"
)

// SupplementDays is how long an applicant has to answer where the sector's law says nothing: 15 calendar days (Decree
// 118/2025, Article 19.5).
const SupplementDays = 15

// Version is one published wording of a procedure, whole: what the publication decision says (Decree 63/2010, Article 8). The json tags
// are the file as people write it and the event as it is stored; a member without omitempty or omitzero is required.
type Version struct {
	ID         string          `json:"id"`
	Code       *string         `json:"code,omitempty"` // national code, nil if none is known
	NameVI     string          `json:"name_vi"`
	NameEN     string          `json:"name_en"`
	ShortVI    string          `json:"short_vi"` // at most 45 characters: receipts, lists, messages
	ShortEN    string          `json:"short_en"`
	Sector     string          `json:"sector"`
	Archetype  Archetype       `json:"archetype"`
	Level      string          `json:"level"`   // who resolves: central, province, …
	UnitVI     string          `json:"unit_vi"` // the unit that resolves it
	LegalBasis []string        `json:"legal_basis,omitempty"`
	Certainty  map[string]Mark `json:"certainty,omitempty"` // how sure time_limit, components, code, fee are
	Note       string          `json:"note,omitempty"`
	Source     string          `json:"source,omitempty"` // where the values were read

	InformationOnly bool             `json:"information_only,omitempty"` // no limit is known, not even an assumed one: never open to filing
	Limits          []calendar.Limit `json:"limits,omitempty"`           // what is counted, one after the other
	LimitCases      []LimitCase      `json:"limit_cases,omitempty"`      // other limits under a fact; the first that holds counts
	Policy          calendar.Policy  `json:"policy,omitempty"`           // how working days are counted
	Stages          []Stage          `json:"stages,omitempty"`
	Confidential    bool             `json:"confidential,omitempty"` // its dossiers are for the units that handle them
	CheckWithin     *calendar.Limit  `json:"check_within,omitempty"` // by when a filing is accepted or refused; nil: eight working hours

	Supplement Supplement     `json:"supplement,omitzero"`
	Components []Component    `json:"components,omitempty"`
	Forms      []Form         `json:"forms,omitempty"`
	Facts      []Condition    `json:"facts,omitempty"`
	Fees       []Fee          `json:"fees,omitempty"`
	Flow       Flow           `json:"flow,omitzero"`
	Retention  Retention      `json:"retention,omitzero"`
	Levels     []ServiceLevel `json:"service_levels,omitempty"`
	Channels   []Channel      `json:"channels,omitempty"` // by which a dossier may be filed

	// What follows from the rest, and from the publication.
	Number         int      `json:"-"` // 1, 2, 3, …
	Decision       Decision `json:"-"`
	Limit          Limit    `json:"-"` // the total
	LimitVI        string   `json:"-"` // "15 ngày + 5 ngày làm việc", "" without a limit
	LimitEN        string   `json:"-"`
	SupplementDays int      `json:"-"` // calendar days in which an applicant answers a request
	OpenForFiling  bool     `json:"-"` // false: information only
	Assumed        bool     `json:"-"` // the limit rests on no source that was read
	AssumedValues  []string `json:"-"` // time_limit, components, code, fee
	External       bool     `json:"-"` // of another system, for imports: never open to filing
}

// Decision is the publication decision that a version rests on.
type Decision struct {
	No        string        `json:"decision"` // its number, "3578/QĐ-BNNMT"
	DecidedOn calendar.Date `json:"decided_on"`
	ValidFrom calendar.Date `json:"valid_from"`
}

// Archetype is the kind of process, by which procedures are compared and shown.
type Archetype string

// The seven archetypes.
const (
	Desk              Archetype = "desk"
	OnSite            Archetype = "inspection"
	ByCouncil         Archetype = "council"
	ByLaboratory      Archetype = "laboratory"
	LaboratoryCouncil Archetype = "laboratory+council"
	MultiAgency       Archetype = "multi-agency"
	Notice            Archetype = "notification"
)

// Archetypes lists them.
func Archetypes() []Archetype {
	return []Archetype{Desk, OnSite, ByCouncil, ByLaboratory, LaboratoryCouncil, MultiAgency, Notice}
}

// Mark is how sure a value is.
type Mark string

// The marks, the surest first.
const (
	LawText    Mark = "law-text"                 // read in a copy of the law
	PortalPage Mark = "portal-page"              // read on an official page
	SeenCode   Mark = "seen-in-public-code-2026" // seen in a public repository
	FromMemory Mark = "memory-unverified"        // confirmed by no source
	Assumption Mark = "assumed"                  // set by us so that the procedure can be tried
	NoneFound  Mark = "none-found"               // there is no value
)

func marks() []Mark { return []Mark{LawText, PortalPage, SeenCode, FromMemory, Assumption, NoneFound} }

// Assumed says whether a value rests on no source that was read.
func (m Mark) Assumed() bool { return m == FromMemory || m == Assumption }

// Limit is the time the law gives from complete reception to the result. Unit is one of the calendar's, or mixed where several
// units follow each other; then the value is only their sum.
type Limit struct {
	Value int    `json:"value"`
	Unit  string `json:"unit"`
}

// LimitCase is the limits that hold in place of the usual ones when a fact does.
type LimitCase struct {
	When   string           `json:"when"`
	Limits []calendar.Limit `json:"limits"`
}

// LimitsUnder is what is counted when these facts hold.
func (v Version) LimitsUnder(holds func(fact string) bool) []calendar.Limit {
	for _, c := range v.LimitCases {
		if holds(c.When) {
			return c.Limits
		}
	}
	return v.Limits
}

// Stage is a part of the limit that the law names, and the event from which it counts.
type Stage struct {
	Code    string         `json:"code"`
	NameVI  string         `json:"name_vi"`
	NameEN  string         `json:"name_en"`
	Limit   calendar.Limit `json:"limit"`
	Trigger Trigger        `json:"trigger"`
	When    string         `json:"when,omitempty"`
	Note    string         `json:"note,omitempty"`
}

// Trigger is the event from which a stage counts.
type Trigger string

// The triggers.
const (
	OnReception   Trigger = "reception"          // received complete and right
	OnStageBefore Trigger = "previous_stage"     // the stage before it has ended
	OnInspection  Trigger = "inspection_started" // the inspection begins
	OnLaboratory  Trigger = "laboratory_result"
	OnRemediation Trigger = "remediation_reported"
	OnCouncil     Trigger = "council_concluded"
	OnOpinion     Trigger = "opinion_received"
)

func triggers() []Trigger {
	return []Trigger{OnReception, OnStageBefore, OnInspection, OnLaboratory, OnRemediation, OnCouncil, OnOpinion}
}

// Supplement is the policy on what is missing (Decree 118/2025, Articles 11.2c, 16.3, 19.5).
type Supplement struct {
	Days         int             `json:"days,omitempty"`           // calendar days to answer; 0: SupplementDays
	MostPerStage int             `json:"most_per_stage,omitempty"` // 0: once
	AskWithin    *calendar.Limit `json:"ask_within,omitempty"`     // nil: three working days after reception
	ByHead       bool            `json:"by_head,omitempty"`        // the head approves each request
}

// Component is a paper the applicant brings. Its code names it in requests for supplements.
type Component struct {
	Code     string        `json:"code"` // "tp-1", in the order of the publication decision
	NameVI   string        `json:"name_vi"`
	NameEN   string        `json:"name_en,omitempty"`
	FormNo   string        `json:"form_no,omitempty"`
	Kind     ComponentKind `json:"kind,omitempty"`
	Required bool          `json:"required"`
	When     string        `json:"when,omitempty"`    // the fact under which it is asked for; "": always
	NoteVI   string        `json:"note_vi,omitempty"` // in which case, where no form tells
	Copies   []Copies      `json:"copies,omitempty"`  // how many of which kind; empty: one
	Lookup   string        `json:"lookup,omitempty"`  // the register in which it is found, so that nobody need bring it
	Form     string        `json:"form,omitempty"`    // the form that it is filled in with
}

// ComponentKind is what a component is.
type ComponentKind string

// The kinds.
const (
	EForm         ComponentKind = "e-form"
	Original      ComponentKind = "original"
	CertifiedCopy ComponentKind = "certified-copy"
	PlainCopy     ComponentKind = "copy"
	DataLookup    ComponentKind = "data-lookup" // satisfied by a look-up, without a file
	FreeFile      ComponentKind = "file"
)

func componentKinds() []ComponentKind {
	return []ComponentKind{EForm, Original, CertifiedCopy, PlainCopy, DataLookup, FreeFile}
}

// Copies is how many of one kind are brought.
type Copies struct {
	Kind  ComponentKind `json:"kind"` // original, certified-copy or copy
	Count int           `json:"count"`
}

// Form is what the applicant fills in: a JSON Schema of an object whose properties bear title (Vietnamese), x-title-en and x-personal.
type Form struct {
	Code   string          `json:"code"`
	NameVI string          `json:"name_vi"`
	NameEN string          `json:"name_en"`
	Schema json.RawMessage `json:"schema"`
}

// Condition is a fact with the question by which handlers find it in the forms: a CEL expression over form.CODE.FIELD. Only the named
// fact enters events, never the value it was found in.
type Condition struct {
	Name   string `json:"name"`
	NameVI string `json:"name_vi"`
	NameEN string `json:"name_en"`
	When   string `json:"when"`
}

// Fee is a row of the fee table, in whole đồng. Of the rows of one code the first whose fact holds is due.
type Fee struct {
	Code   string  `json:"code"`
	NameVI string  `json:"name_vi"`
	NameEN string  `json:"name_en"`
	Kind   FeeKind `json:"kind"`
	Amount int     `json:"amount"`
	When   string  `json:"when,omitempty"`
	Due    FeeDue  `json:"due"`
	Basis  string  `json:"basis,omitempty"`

	Reliefs []Relief `json:"reliefs,omitempty"`
}

// FeeKind tells the two legal kinds apart.
type FeeKind string

// Phí pays for a service, lệ phí is a fixed levy.
const (
	Charge FeeKind = "charge"
	Levy   FeeKind = "levy"
)

// FeeDue is when a fee is due.
type FeeDue string

// The moments at which a fee is due.
const (
	DueAtReception  FeeDue = "reception"
	DueAtSupplement FeeDue = "supplement"
	DueAtProcessing FeeDue = "processing"
	DueAtReturn     FeeDue = "return"
)

// Retention is how long the work file is kept.
type Retention struct {
	Years     int    `json:"years,omitempty"`
	Permanent bool   `json:"permanent,omitempty"`
	Basis     string `json:"basis,omitempty"`
	Mark      Mark   `json:"certainty,omitempty"`
}

// ServiceLevel is the level of online service under one scheme. The 2011 scheme counts 1 to 4; those of 2022 and 2026 know whole and part.
type ServiceLevel struct {
	Scheme string        `json:"scheme"`           // 43/2011, 42/2022, 224/2026
	Value  string        `json:"value"`            // 1 … 4; toan-trinh or mot-phan
	Reason string        `json:"reason,omitempty"` // 224/2026: why only a part is offered
	From   calendar.Date `json:"from,omitzero"`
	Mark   Mark          `json:"certainty,omitempty"`
}

// Channel is a way by which a dossier is filed.
type Channel string

// The channels (Decree 118/2025, Article 14).
const (
	Online  Channel = "online"
	Counter Channel = "counter"
	Post    Channel = "post"
)

// Offers says whether a dossier may be filed this way. A version that says nothing offers all.
func (v Version) Offers(c Channel) bool {
	for _, own := range v.Channels {
		if own == c {
			return true
		}
	}
	return len(v.Channels) == 0
}

// ExternalVersion is a procedure that an import brings with it, "ext:nl.building-permit.receiving-phase".
func ExternalVersion(id string) Version {
	return Version{ID: id, Number: 1, NameVI: id, NameEN: id, ShortVI: id, ShortEN: id, SupplementDays: SupplementDays, External: true}
}
