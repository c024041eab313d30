package dossier

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Change is one thing that an event made different, for the audit trail. Kind says which list its values belong to, so that
// Label finds their words; it is "" for codes and numbers, shown as they are, and "time" for RFC 3339 times.
type Change struct {
	Field string `json:"field"` // Label("field", …) has its words
	Kind  string `json:"kind,omitempty"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// Changes lists what differs between two states of one dossier, in the order of the state's fields. Counters of versions and
// the times of last change say nothing of their own and are left out.
//
// It runs once for every event that a projection applies, so it takes no map: the lines of two states stand in the same order,
// and only what one of them does not know yet, opinions, is looked for.
func Changes(before, after State) []Change {
	was, is := before.lines(), after.lines()
	var changes []Change
	for i, line := range is {
		if at := lineOf(was, i, line.Field); at >= 0 {
			line.Old = was[at].New
		}
		if line.Old != line.New {
			changes = append(changes, line)
		}
	}
	for i, line := range was { // what one moment knows and the other does not
		if line.New != "" && lineOf(is, i, line.Field) < 0 {
			line.Old, line.New = line.New, ""
			changes = append(changes, line)
		}
	}
	return changes
}

// lineOf is where the field stands, most likely at the guess; -1 if nowhere.
func lineOf(lines []Change, guess int, field string) int {
	if guess < len(lines) && lines[guess].Field == field {
		return guess
	}
	return slices.IndexFunc(lines, func(l Change) bool { return l.Field == field })
}

// lines writes a state as one value per field.
func (s State) lines() []Change {
	lines := append(make([]Change, 0, 48+5*len(s.Opinions)), []Change{
		{Field: "status", Kind: "status", New: string(s.Status)},
		{Field: "outcome", Kind: "outcome", New: string(s.Outcome)},
		{Field: "procedure", New: s.Procedure},
		{Field: "procedure_version", New: number(s.ProcedureVersion)},
		{Field: "channel", Kind: "channel", New: string(s.Channel)},
		{Field: "applicant", New: s.Applicant},
		{Field: "external_code", New: s.ExternalCode},
		{Field: "unit", New: s.Unit},
		{Field: "officer", New: s.Officer},
		{Field: "refusal_reason", Kind: "refusal_reason", New: string(s.RefusalReason)},
		{Field: "refusal_basis", Kind: "basis", New: s.RefusalBasis},
		{Field: "proposal", Kind: "proposal", New: string(s.Proposal)},
		{Field: "appraisers", New: strings.Join(s.Appraisers, ", ")},
		{Field: "decision", Kind: "proposal", New: string(s.Decision)},
		{Field: "signed_by", New: s.Signed.By},
		{Field: "numbered_by", New: s.Numbered.By},
		{Field: "issued_by", New: s.Issued.By},
		{Field: "way", Kind: "channel", New: string(s.Way)},
		{Field: "to", Kind: "recipient", New: string(s.To)},
		{Field: "back_to", Kind: "status", New: string(s.BackTo)},
		{Field: "stood_at", Kind: "status", New: string(s.StoodAt)},
		{Field: "reworks", New: number(s.Reworks)},
		{Field: "rework_reason", Kind: "rework_reason", New: string(s.ReworkReason)},
		{Field: "kept_reason", Kind: "withdrawal_refusal", New: string(s.KeptReason)},
		{Field: "stopped_reason", Kind: "stopped_reason", New: string(s.StoppedReason)},
		{Field: "stopped_basis", Kind: "basis", New: s.StoppedBasis},
		{Field: "clock_started", Kind: "time", New: stamp(s.Clock.StartedAt)},
		{Field: "clock_stopped", Kind: "time", New: stamp(s.Clock.StoppedAt)},
		{Field: "clock_restarted_from", Kind: "time", New: stamp(s.Clock.RestartedFrom)},
		{Field: "due", Kind: "time", New: stamp(s.Due)},
		{Field: "due_source", Kind: "deadline_source", New: string(s.DueSource)},
		{Field: "original_due", Kind: "time", New: stamp(s.Extension.Original)},
		{Field: "extension_due", Kind: "time", New: stamp(s.Extension.Due)},
		{Field: "extension_reason", Kind: "extension_reason", New: string(s.Extension.Reason)},
		{Field: "extension_approved_by", New: s.Extension.Approved.By},
		{Field: "steps", New: number(s.Steps)},
		{Field: "irregular_steps", New: number(s.IrregularSteps)},
		{Field: "last_step", New: s.LastStep.Code},
	}...)
	lines = s.supplementLines(lines, AtReception)
	lines = s.supplementLines(lines, AtAppraisal)
	return append(lines, s.opinionLines()...)
}

// supplementFields are the names of a stage's lines, joined once.
var supplementFields = map[Stage][6]string{AtReception: supplementNames(AtReception), AtAppraisal: supplementNames(AtAppraisal)}

func supplementNames(stage Stage) (names [6]string) {
	for i, name := range []string{"items", "reason", "until", "answered", "late", "accepted_by"} {
		names[i] = "supplement_" + string(stage) + "_" + name
	}
	return names
}

func (s State) supplementLines(lines []Change, stage Stage) []Change {
	q, _ := s.SupplementAt(stage)
	field := supplementFields[stage]
	return append(lines,
		Change{Field: field[0], New: strings.Join(q.Items, ", ")},
		Change{Field: field[1], Kind: "supplement_reason", New: string(q.Reason)},
		Change{Field: field[2], Kind: "time", New: stamp(q.Until)},
		Change{Field: field[3], New: strings.Join(q.Answered, ", ")},
		Change{Field: field[4], Kind: "late", New: verdict(q.Late)},
		Change{Field: field[5], New: q.Accepted.By})
}

func (s State) opinionLines() []Change {
	var lines []Change
	for _, o := range s.Opinions {
		prefix := fmt.Sprintf("opinion_%d_", o.Number)
		lines = append(lines,
			Change{Field: prefix + "unit", New: o.Unit},
			Change{Field: prefix + "subject", New: o.Subject},
			Change{Field: prefix + "due", Kind: "time", New: stamp(o.Due)},
			Change{Field: prefix + "verdict", Kind: "verdict", New: string(o.Verdict)},
			Change{Field: prefix + "late", Kind: "late", New: verdict(o.Late)})
	}
	return lines
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

func verdict(late bool) string {
	if late {
		return "late"
	}
	return ""
}
