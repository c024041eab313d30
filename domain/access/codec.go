package access

import (
	"encoding/json"

	"dossier/domain"
)

var kinds = domain.Kinds[Event]{
	"access.command-refused":   {Version: 1, Event: CommandRefused{}},
	"access.words-read":        {Version: 1, Event: WordsRead{}},
	"access.persons-read":      {Version: 1, Event: PersonsRead{}},
	"access.entries-missed":    {Version: 1, Event: EntriesMissed{}},
	"access.file-read":         {Version: 1, Event: FileRead{}},
	"access.files-listed":      {Version: 1, Event: FilesListed{}},
	"access.dossier-opened":    {Version: 1, Event: DossierOpened{}},
	"access.dossiers-listed":   {Version: 1, Event: DossiersListed{}},
	"access.key-made":          {Version: 1, Event: KeyMade{}},
	"access.key-confirmed":     {Version: 1, Event: KeyConfirmed{}},
	"access.key-revoked":       {Version: 1, Event: KeyRevoked{}},
	"access.key-refused":       {Version: 1, Event: KeyRefused{}},
	"access.session-opened":    {Version: 1, Event: SessionOpened{}},
	"access.sessions-ended":    {Version: 1, Event: SessionsEnded{}},
	"access.subject-linked":    {Version: 1, Event: SubjectLinked{}},
	"access.subject-confirmed": {Version: 1, Event: SubjectConfirmed{}},
}

// TypeNames lists the stored names with their newest versions, as subscribers know them: "access.command-refused.v1".
func TypeNames() []string { return kinds.TypeNames() }

// TypeName is the stored name of an entry's kind with its newest version.
func TypeName(e Event) string { return kinds.TypeName(e) }

// Encode returns the stored name, its newest version and the stored data. It refuses an entry that could hold more than codes and ids.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	if err := check(e); err != nil {
		return "", 0, nil, err
	}
	return kinds.Encode(e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	return kinds.Decode(typ, version, data)
}
