package procedure

import (
	"encoding/json"

	"dossier/domain"
)

var kinds = domain.Kinds[Event]{
	"procedure.published": {Version: 1, Event: Published{}},
	"procedure.withdrawn": {Version: 1, Event: Withdrawn{}},
	"switch.opened":       {Version: 1, Event: SwitchOpened{}},
	"switch.closed":       {Version: 1, Event: SwitchClosed{}},
	"catalogue.listed":    {Version: 1, Event: Listed{}},
}

// TypeName is the stored name with its newest version, as subscribers know it: "procedure.published.v1".
func TypeName(e Event) string { return kinds.TypeName(e) }

// Encode returns the stored name, its newest version and the stored data.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	return kinds.Encode(e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	return kinds.Decode(typ, version, data)
}
