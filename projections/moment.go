package projections

import (
	"encoding/json"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

// A Moment is one event of a dossier with the state before and after it.
type Moment struct {
	Event     eventstore.Event
	Fact      dossier.Fact
	Before    dossier.State
	After     dossier.State
	State     json.RawMessage // After, encoded once for every table that keeps it
	Backdated bool            // this fact or one before it happened earlier than a fact recorded before it
}
