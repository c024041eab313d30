// Package access is what the second journal holds: who was refused what, and who was shown what of whom. An entry never says what was written there.
package access

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"

	"github.com/google/uuid"
)

// An Event is an entry of the access journal. The set is closed; exports will join it. Who it was, in which
// role and unit, the origin and the trace stand in its meta, as with every event.
type Event interface {
	event()
	wrong() string // the member that cannot be stored, "" for none
}

// CommandRefused says that a rule, or the want of a right, kept a command from being done.
type CommandRefused struct {
	Command dossier.Code `json:"command"`
	Dossier uuid.UUID    `json:"dossier,omitzero"` // none for what is about no dossier, or about one that was not made
	Rule    dossier.Code `json:"rule"`
	Basis   Basis        `json:"basis,omitempty"`
}

// WordsRead says that somebody was shown what people typed in a dossier, and what for.
type WordsRead struct {
	Dossier uuid.UUID    `json:"dossier"`
	Purpose dossier.Code `json:"purpose"`
}

// PersonsRead says that somebody was shown who these persons are, and what for. One entry stands for one answer.
type PersonsRead struct {
	Persons []uuid.UUID  `json:"persons"`
	Search  bool         `json:"search,omitempty"` // found by their name or a number
	Purpose dossier.Code `json:"purpose"`
}

// EntriesMissed says that the journal could not take entries for a while. It is the first thing recorded when it can again, so that a gap is
// not taken for quiet.
type EntriesMissed struct {
	Count int       `json:"count"` // at most: an append that was given up may have happened
	Since time.Time `json:"since"`
}

// FileRead says that the content of a file was given out. It is recorded before the first byte is.
type FileRead struct {
	Dossier uuid.UUID `json:"dossier"`
	File    uuid.UUID `json:"file"`
}

// FilesListed says that the names of a dossier's files were shown.
type FilesListed struct {
	Dossier uuid.UUID `json:"dossier"`
}

// DossierOpened says that somebody of the staff was shown a dossier: its state and history, which hold codes alone. Opened again within the hour
// it is not said again.
type DossierOpened struct {
	Dossier uuid.UUID `json:"dossier"`
}

// DossiersListed says that somebody of the staff was shown these dossiers as rows of a list, an export or a search, who had not been shown them
// within the hour. One answer leaves one entry for each MostListed of them.
type DossiersListed struct {
	Dossiers []uuid.UUID `json:"dossiers"`
}

// MostListed is how many dossiers one entry names.
const MostListed = 500

func (DossiersListed) event() {}

func (e DossiersListed) wrong() string {
	if len(e.Dossiers) == 0 || len(e.Dossiers) > MostListed || slices.Contains(e.Dossiers, uuid.Nil) {
		return "dossiers"
	}
	return ""
}

func (DossierOpened) event() {}

func (e DossierOpened) wrong() string {
	if e.Dossier == uuid.Nil {
		return "dossier"
	}
	return ""
}

func (CommandRefused) event() {}
func (EntriesMissed) event()  {}
func (FileRead) event()       {}
func (FilesListed) event()    {}

func (e FileRead) wrong() string {
	if e.Dossier == uuid.Nil || e.File == uuid.Nil {
		return "file"
	}
	return ""
}

func (e FilesListed) wrong() string {
	if e.Dossier == uuid.Nil {
		return "dossier"
	}
	return ""
}

func (WordsRead) event()   {}
func (PersonsRead) event() {}

func (e WordsRead) wrong() string {
	switch {
	case e.Dossier == uuid.Nil:
		return "dossier"
	case !e.Purpose.Valid():
		return "purpose"
	}
	return ""
}

func (e PersonsRead) wrong() string {
	if !e.Purpose.Valid() {
		return "purpose"
	}
	return ""
}

func (e CommandRefused) wrong() string {
	switch {
	case !e.Command.Valid():
		return "command"
	case !e.Rule.Valid():
		return "rule"
	case e.Basis != "" && !e.Basis.Valid():
		return "basis"
	}
	return ""
}

func (e EntriesMissed) wrong() string {
	if e.Count < 1 || e.Since.IsZero() {
		return "count"
	}
	return ""
}

// Basis cites an article of a law or decree as the rules do ("NĐ 118/2025, Điều 19.5"), or is the number of a decision ("12/QĐ-SNN").
type Basis string

// BasisPattern is what Valid holds a basis to: words of citations, and numbers that none of a person has the form of.
const BasisPattern = `^((NĐ|TT|QĐ|NQ|Luật) [0-9]{1,4}/[0-9]{4}(/[A-ZĐ-]{2,20})?(, Điều [0-9]{1,3}(\.[0-9]{1,2})*[a-zđ]?(( và |, )[0-9]{1,3}(\.[0-9]{1,2})*[a-zđ]?)*)?|[0-9]{1,6}/([0-9]{4}/)?[A-ZĐƯÔ0-9-]{2,20})$`

var basisPattern = regexp.MustCompile(BasisPattern)

// Valid says whether it is such a citation.
func (b Basis) Valid() bool { return basisPattern.MatchString(string(b)) }

// Refused is the entry for a refusal. A basis of an unknown form stays out: the rule's code says enough.
func Refused(command string, dossierID uuid.UUID, r *domain.Refusal) CommandRefused {
	e := CommandRefused{Command: dossier.Code(command), Dossier: dossierID, Rule: dossier.Code(r.Code)}
	if b := Basis(r.Basis); b.Valid() {
		e.Basis = b
	}
	return e
}

// check refuses what could hold more than it should.
func check(e Event) error {
	if member := e.wrong(); member != "" {
		return fmt.Errorf("encode %T: %s has a form that is not stored", e, member)
	}
	return nil
}
