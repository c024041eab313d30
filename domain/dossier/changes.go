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
// It runs once for every event that a projection applies: only what differs is written out, and no state is copied.
func Changes(before, after *State) []Change {
	c := make(changes, 0, 6)
	c.text("status", "status", string(before.Status), string(after.Status))
	c.text("outcome", "outcome", string(before.Outcome), string(after.Outcome))
	c.text("procedure", "", before.Procedure, after.Procedure)
	c.number("procedure_version", before.ProcedureVersion, after.ProcedureVersion)
	c.text("channel", "channel", string(before.Channel), string(after.Channel))
	c.text("applicant", "", before.Applicant, after.Applicant)
	c.text("code", "", before.Code, after.Code)
	c.text("external_code", "", before.ExternalCode, after.ExternalCode)
	c.text("unit", "", before.Unit, after.Unit)
	c.text("officer", "", before.Officer, after.Officer)
	c.text("refusal_reason", "refusal_reason", string(before.RefusalReason), string(after.RefusalReason))
	c.text("refusal_basis", "basis", before.RefusalBasis, after.RefusalBasis)
	c.text("proposal", "proposal", string(before.Proposal), string(after.Proposal))
	c.list("appraisers", before.Appraisers, after.Appraisers)
	c.text("decision", "proposal", string(before.Decision), string(after.Decision))
	c.text("signed_by", "", before.Signed.By, after.Signed.By)
	c.text("numbered_by", "", before.Numbered.By, after.Numbered.By)
	c.text("issued_by", "", before.Issued.By, after.Issued.By)
	c.text("way", "channel", string(before.Way), string(after.Way))
	c.text("to", "recipient", string(before.To), string(after.To))
	c.text("back_to", "status", string(before.BackTo), string(after.BackTo))
	c.text("stood_at", "status", string(before.StoodAt), string(after.StoodAt))
	c.number("reworks", before.Reworks, after.Reworks)
	c.text("rework_reason", "rework_reason", string(before.ReworkReason), string(after.ReworkReason))
	c.text("kept_reason", "withdrawal_refusal", string(before.KeptReason), string(after.KeptReason))
	c.text("stopped_reason", "stopped_reason", string(before.StoppedReason), string(after.StoppedReason))
	c.text("stopped_basis", "basis", before.StoppedBasis, after.StoppedBasis)
	c.time("clock_started", before.Clock.StartedAt, after.Clock.StartedAt)
	c.time("clock_stopped", before.Clock.StoppedAt, after.Clock.StoppedAt)
	c.time("clock_restarted_from", before.Clock.RestartedFrom, after.Clock.RestartedFrom)
	c.time("due", before.Due, after.Due)
	c.text("due_source", "deadline_source", string(before.DueSource), string(after.DueSource))
	c.time("original_due", before.Extension.Original, after.Extension.Original)
	c.time("extension_due", before.Extension.Due, after.Extension.Due)
	c.text("extension_reason", "extension_reason", string(before.Extension.Reason), string(after.Extension.Reason))
	c.text("extension_approved_by", "", before.Extension.Approved.By, after.Extension.Approved.By)
	c.number("steps", before.Steps, after.Steps)
	c.number("irregular_steps", before.IrregularSteps, after.IrregularSteps)
	c.text("last_step", "", before.LastStep.Code, after.LastStep.Code)
	c.supplement(before.Supplements, after.Supplements, AtReception)
	c.supplement(before.Supplements, after.Supplements, AtAppraisal)
	c.opinions(before.Opinions, after.Opinions)
	c.beside(before, after)
	if len(c) == 0 {
		return nil
	}
	return c
}

// changes grows by what differs.
type changes []Change

func (c *changes) text(field, kind, before, after string) {
	if before != after {
		*c = append(*c, Change{field, kind, before, after})
	}
}

func (c *changes) number(field string, before, after int) {
	if before != after {
		c.text(field, "", number(before), number(after))
	}
}

func (c *changes) time(field string, before, after time.Time) {
	if before != after {
		c.text(field, "time", stamp(before), stamp(after))
	}
}

func (c *changes) list(field string, before, after []string) {
	if !slices.Equal(before, after) {
		c.text(field, "", strings.Join(before, ", "), strings.Join(after, ", "))
	}
}

func (c *changes) late(field string, before, after bool) {
	c.text(field, "late", verdict(before), verdict(after))
}

// supplementFields are the names of a stage's fields, joined once.
var supplementFields = map[Stage][6]string{AtReception: supplementNames(AtReception), AtAppraisal: supplementNames(AtAppraisal)}

func supplementNames(stage Stage) (names [6]string) {
	for i, name := range []string{"items", "reason", "until", "answered", "late", "accepted_by"} {
		names[i] = "supplement_" + string(stage) + "_" + name
	}
	return names
}

func (c *changes) supplement(before, after []Supplement, stage Stage) {
	was, asked := newest(before, stage)
	is, asks := newest(after, stage)
	if !asked && !asks {
		return
	}
	field := supplementFields[stage]
	c.list(field[0], was.Items, is.Items)
	c.text(field[1], "supplement_reason", string(was.Reason), string(is.Reason))
	c.time(field[2], was.Until, is.Until)
	c.list(field[3], was.Answered, is.Answered)
	c.late(field[4], was.Late, is.Late)
	c.text(field[5], "", was.Accepted.By, is.Accepted.By)
}

// opinions pairs them by number; what one moment knows and the other does not stands beside nothing.
func (c *changes) opinions(before, after []Opinion) {
	for i, is := range after {
		var was Opinion
		if at := opinionOf(before, i, is.Number); at >= 0 {
			was = before[at]
		}
		c.opinion(is.Number, was, is)
	}
	for i, was := range before {
		if opinionOf(after, i, was.Number) < 0 {
			c.opinion(was.Number, was, Opinion{})
		}
	}
}

// opinionOf is where the opinion stands, most likely at the guess; -1 if nowhere.
func opinionOf(list []Opinion, guess, number int) int {
	if guess < len(list) && list[guess].Number == number {
		return guess
	}
	return slices.IndexFunc(list, func(o Opinion) bool { return o.Number == number })
}

func (c *changes) opinion(number int, was, is Opinion) {
	if was == is {
		return
	}
	prefix := fmt.Sprintf("opinion_%d_", number)
	c.text(prefix+"unit", "", was.Unit, is.Unit)
	c.text(prefix+"subject", "", was.Subject, is.Subject)
	c.time(prefix+"due", was.Due, is.Due)
	c.text(prefix+"verdict", "verdict", string(was.Verdict), string(is.Verdict))
	c.late(prefix+"late", was.Late, is.Late)
	c.text(prefix+"counts", "verdict", string(was.Counts), string(is.Counts))
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
