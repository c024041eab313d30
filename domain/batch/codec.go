package batch

import (
	"encoding/json"

	"dossier/domain"
)

var kinds = domain.Kinds[Event]{
	"batch.planned":      {Version: 1, Event: Planned{}},
	"batch-list.listed":  {Version: 1, Event: Listed{}},
	"batch.started":      {Version: 1, Event: Started{}},
	"batch.progressed":   {Version: 1, Event: Progressed{}},
	"batch.halted":       {Version: 1, Event: Halted{}},
	"batch.finished":     {Version: 1, Event: Finished{}},
	"batch.undo-started": {Version: 1, Event: UndoStarted{}},
	"batch.undone":       {Version: 1, Event: Undone{}},
	"batch.compensated":  {Version: 1, Event: Compensated{}},
}

// TypeName is the stored name with its newest version, as subscribers know it: "batch.planned.v1".
func TypeName(e Event) string { return kinds.TypeName(e) }

// TypeNames lists them all.
func TypeNames() []string { return kinds.TypeNames() }

// Encode returns the stored name, its newest version and the stored data.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	return kinds.Encode(e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	return kinds.Decode(typ, version, data)
}
