package web

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
)

// event is one fact as the history shows it: what, when, who, what it changed, and behind "chi tiết" where it stands.
type event struct {
	Version, Position int64
	Words             string
	OccurredAt        time.Time
	RecordedAt        time.Time
	Late              string // how much later it was recorded, beyond five minutes
	LateReason        string
	By                domain.Actor
	Changes           []change
	Irregular         string
	Origin            string
	Here, After       bool
	Raw               string
	Idle              string // the quiet before it
	Folded            int    // steps left out before it in the compact view
	URL               string
}

type change struct{ Field, Old, New string }

// lateAfter is how much later than it happened an event may be recorded without saying so.
const lateAfter = 5 * time.Minute

// idleAfter is the quiet that is worth a line of its own.
const idleAfter = 3 * 24 * time.Hour

func showOf(asked string) string {
	if asked == "compact" || asked == "raw" {
		return asked
	}
	return "all"
}

// depth is a link to the same history told at another depth.
type depth struct {
	Text, URL string
	Here      bool
}

func (v *visit) depths(show string, all, compact int) []depth {
	return []depth{
		{Words{"Tất cả %d", "All %d"}.In(v.lang, all), v.With("show", "", "min_position", ""), show == "all"},
		{Words{"Gọn %d", "Compact %d"}.In(v.lang, compact), v.With("show", "compact", "min_position", ""), show == "compact"},
		{Words{"Dữ liệu gốc", "Raw data"}.In(v.lang), v.With("show", "raw", "min_position", ""), show == "raw"},
	}
}

// events words the history, oldest first, in the same order at every depth.
func (v *visit) events(facts []dossier.Fact, form askedForm, show string) []event {
	var out []event
	var state dossier.State
	var before time.Time
	folded := 0
	for _, f := range facts {
		after := dossier.Evolve(state, f)
		if show == "compact" && after.Status == state.Status {
			folded++
			state = after
			continue
		}
		e := v.event(f, state, after)
		e.After, e.Here = !form.includes(f), form.Version == f.Version
		e.Folded, folded = folded, 0
		if quiet := f.OccurredAt.Sub(before); !before.IsZero() && quiet >= idleAfter {
			e.Idle = v.Days(int(quiet.Hours()) / 24)
		}
		if show == "raw" {
			e.Raw = raw(f)
		}
		out, state, before = append(out, e), after, f.OccurredAt
	}
	return out
}

func (v *visit) event(f dossier.Fact, before, after dossier.State) event {
	e := event{
		Version: f.Version, Position: f.Position, Words: label("event", f.Type, v.lang), OccurredAt: f.OccurredAt, RecordedAt: f.RecordedAt,
		By: f.Meta.By(), Changes: v.changes(before, after), LateReason: label("late_reason", f.Meta.LateReason, v.lang),
		Origin: label("origin", string(f.Meta.Origin), v.lang), URL: v.With("version", strconv.FormatInt(f.Version, 10), "at", "", "known_at", "", "min_position", "", "again", ""),
	}
	if late := f.RecordedAt.Sub(f.OccurredAt); late > lateAfter && f.Meta.Origin != domain.Imported {
		e.Late = v.Span(late)
	}
	if step, ok := f.Event.(dossier.StepRecorded); ok {
		e.Words += ": " + codeWords(string(step.Code))
		e.Irregular = label("irregular", string(step.Irregular), v.lang)
	}
	return e
}

// changes puts the words beside what an event made different.
func (v *visit) changes(before, after dossier.State) []change {
	var out []change
	for _, c := range dossier.Changes(&before, &after) {
		out = append(out, change{Field: label("field", c.Field, v.lang), Old: v.value(c, c.Old), New: v.value(c, c.New)})
	}
	return out
}

// roles are those of a list in words.
func (v *visit) roles(list string) string {
	all := strings.Split(list, ", ")
	for i, role := range all {
		all[i] = lower(label("role", role, v.lang))
	}
	return strings.Join(all, ", ")
}

// value is one side of a change as people read it.
func (v *visit) value(c dossier.Change, code string) string {
	switch {
	case code == "":
		return ""
	case c.Kind == "time":
		t, err := time.Parse(time.RFC3339Nano, code)
		if err != nil {
			return code
		}
		return v.Moment(t)
	case c.Kind != "":
		return label(c.Kind, code, v.lang)
	case c.Field == "procedure":
		return v.titleOf(code)
	case c.Field == "tells":
		return v.roles(code)
	case strings.HasSuffix(c.Field, "unit"):
		return unitWords(code, v.lang)
	default:
		return codeWords(code)
	}
}

// codeWords shows a code of an open list. One of another system is shown as that system wrote it.
func codeWords(code string) string {
	return strings.TrimPrefix(code, "ext:")
}

func milestones(facts []dossier.Fact) int {
	var state dossier.State
	n := 0
	for _, f := range facts {
		after := dossier.Evolve(state, f)
		if after.Status != state.Status {
			n++
		}
		state = after
	}
	return n
}

// raw is the stored fact, for those who want to see it as it lies in the journal.
func raw(f dossier.Fact) string {
	_, _, data, err := dossier.Encode(f.Event)
	if err != nil {
		return err.Error()
	}
	meta, err := f.Meta.Encode()
	if err != nil {
		return err.Error()
	}
	var b bytes.Buffer
	b.WriteString(f.Type + "\n")
	_ = json.Indent(&b, data, "", "  ")
	b.WriteByte('\n')
	_ = json.Indent(&b, meta, "", "  ")
	return b.String()
}
