package organisation

import (
	"encoding/json"

	"dossier/domain"
)

var kinds = domain.Kinds[Event]{
	"organisation.named":           {Version: 1, Event: Named{}},
	"organisation.agency-set":      {Version: 1, Event: AgencySet{}},
	"organisation.unit-set":        {Version: 1, Event: UnitSet{}},
	"organisation.account-set":     {Version: 1, Event: AccountSet{}},
	"organisation.delegation-set":  {Version: 1, Event: DelegationSet{}},
	"organisation.entry-withdrawn": {Version: 1, Event: EntryWithdrawn{}},
	"organisation.sandbox-reset":   {Version: 1, Event: SandboxReset{}},
}

// TypeName is the stored name with its newest version, as subscribers know it: "organisation.unit-set.v1".
func TypeName(e Event) string { return kinds.TypeName(e) }

// Encode returns the stored name, its newest version and the stored data.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	return kinds.Encode(e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	return kinds.Decode(typ, version, data)
}
