// Package procedure is the catalogue: for each administrative procedure the rules under which its dossiers are filed and resolved.
package procedure

// Version is one published wording of a procedure. A dossier stays with the version under which it was accepted.
type Version struct {
	ID      string  `json:"id"`
	Number  int     `json:"number"`
	Code    *string `json:"code"` // national code, nil if unknown
	NameVI  string  `json:"name_vi"`
	NameEN  string  `json:"name_en"`
	Sector  string  `json:"sector"`
	UnitVI  string  `json:"unit_vi"`  // who resolves it
	LimitVI string  `json:"limit_vi"` // "5 ngày làm việc", "" without a limit
	LimitEN string  `json:"limit_en"`
	Limit   Limit   `json:"limit,omitzero"`

	SupplementDays int      `json:"supplement_days"` // window of a supplement, calendar days
	LegalBasis     []string `json:"legal_basis,omitempty"`

	OpenForFiling bool `json:"open_for_filing"` // false: information only
	Assumed       bool `json:"assumed"`         // the limit rests on no source that was read
	External      bool `json:"external"`        // of another system, for imports
}

// Limit is the time the law gives from complete reception to the result.
type Limit struct {
	Value int    `json:"value"`
	Unit  string `json:"unit"` // working_day, calendar_day, hour, month, mixed
}

// Catalogue lists the procedures.
func Catalogue() []Version { return nil }

// Lookup finds a procedure of the catalogue by its id.
func Lookup(id string) (Version, bool) { return Version{}, false }

// ExternalVersion is a procedure that an import brings with it, "ext:nl.building-permit.receiving-phase": never open to filing.
func ExternalVersion(id string) Version {
	return Version{ID: id, Number: 1, NameVI: id, NameEN: id, External: true}
}
