package calendar

import (
	"encoding/json"

	"dossier/domain"
)

var kinds = domain.Kinds[Event]{
	"calendar.opened":         {Version: 1, Event: Opened{}},
	"calendar.hours-set":      {Version: 1, Event: HoursSet{}},
	"calendar.year-published": {Version: 1, Event: YearPublished{}},
}

// TypeName is the stored name with its newest version, as subscribers know it: "calendar.opened.v1".
func TypeName(e Event) string { return kinds.TypeName(e) }

// Encode returns the stored name, its newest version and the stored data.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	return kinds.Encode(e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	return kinds.Decode(typ, version, data)
}
