package organisation

import "dossier/domain/calendar"

// An Event is a fact of the organisation. The set is closed.
type Event interface{ event() }

// Named is the first fact: which organisation this is. A later one gives it another name.
type Named struct {
	Code   string `json:"code"`
	NameVI string `json:"name_vi"`
	NameEN string `json:"name_en"`
}

// AgencySet says an agency's term, the one that begins on its From.
type AgencySet struct{ Agency }

// UnitSet says a unit's term, the one that begins on its From.
type UnitSet struct{ Unit }

// AccountSet says an account, with all roles it ever held.
type AccountSet struct{ Account }

// DelegationSet says a delegation.
type DelegationSet struct{ Delegation }

// EntryWithdrawn takes back what was to begin and never did.
type EntryWithdrawn struct {
	Entry Entry         `json:"entry"`
	Code  string        `json:"code"`
	From  calendar.Date `json:"from"`
}

// SandboxReset closes a round of a sandbox and opens the next.
type SandboxReset struct {
	Agency string `json:"agency"`
	Closes int    `json:"closes"`
	Opens  int    `json:"opens"`
}

func (Named) event()          {}
func (AgencySet) event()      {}
func (UnitSet) event()        {}
func (AccountSet) event()     {}
func (DelegationSet) event()  {}
func (EntryWithdrawn) event() {}
func (SandboxReset) event()   {}

// Entry is what kind of thing an entry of the organisation is.
type Entry string

// The entries.
const (
	AgencyEntry     Entry = "agency"
	UnitEntry       Entry = "unit"
	AccountEntry    Entry = "account"
	DelegationEntry Entry = "delegation"
)

// Entries lists them.
func Entries() []Entry { return []Entry{AgencyEntry, UnitEntry, AccountEntry, DelegationEntry} }
