// Package procedure is the catalogue: for each administrative procedure the rules under which its dossiers are filed and resolved.
//
// The rules are data (procedures-vn.json), dated and with the certainty of each value; nothing about a procedure is a constant
// of the program. What rests on no source that was read is marked assumed and must be shown so.
package procedure

import "dossier/domain/calendar"

// SupplementDays is how long an applicant has to answer where the sector's law says nothing: 15 calendar days (Decree
// 118/2025, Article 19.5).
const SupplementDays = 15

// Version is one published wording of a procedure. A dossier stays with the version under which it was accepted.
type Version struct {
	ID         string   `json:"id"`
	Number     int      `json:"number"`
	Code       *string  `json:"code"` // national code, nil if none is known
	NameVI     string   `json:"name_vi"`
	NameEN     string   `json:"name_en"`
	Sector     string   `json:"sector"`
	Level      string   `json:"level"`   // who resolves: central, province, …
	UnitVI     string   `json:"unit_vi"` // the unit that resolves it
	ResultVI   string   `json:"result_vi"`
	ResultEN   string   `json:"result_en"`
	LegalBasis []string `json:"legal_basis,omitempty"`

	Limit   Limit            `json:"limit,omitzero"`
	Limits  []calendar.Limit `json:"-"`        // what is counted, one after the other
	Policy  calendar.Policy  `json:"-"`        // how working days are counted
	LimitVI string           `json:"limit_vi"` // "15 ngày + 5 ngày làm việc", "" without a limit
	LimitEN string           `json:"limit_en"`

	SupplementDays int         `json:"supplement_days"` // calendar days in which an applicant answers a request
	Components     []Component `json:"components,omitempty"`
	Flow           Flow        `json:"-"` // what happens between acceptance and the end

	OpenForFiling bool     `json:"open_for_filing"`          // false: information only, because no limit is known
	Assumed       bool     `json:"assumed"`                  // the limit rests on no source that was read
	AssumedValues []string `json:"assumed_values,omitempty"` // time_limit, components, code, fee
	External      bool     `json:"external"`                 // of another system, for imports: never open to filing
}

// Limit is the time the law gives from complete reception to the result. Unit is working_day, calendar_day, hour, month, or
// mixed where the stages have different units; then the value is only their sum.
type Limit struct {
	Value int    `json:"value"`
	Unit  string `json:"unit"`
}

// Component is a paper the applicant brings. Its code names it in requests for supplements.
type Component struct {
	Code     string `json:"code"` // "tp-1", in the order of the publication decision
	NameVI   string `json:"name_vi"`
	FormNo   string `json:"form_no,omitempty"`
	Kind     string `json:"kind,omitempty"` // e-form, original, copy, data-lookup, file
	Required bool   `json:"required"`
}

// ExternalVersion is a procedure that an import brings with it, "ext:nl.building-permit.receiving-phase".
func ExternalVersion(id string) Version {
	return Version{ID: id, Number: 1, NameVI: id, NameEN: id, SupplementDays: SupplementDays, External: true}
}
