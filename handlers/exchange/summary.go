package exchange

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Summary says what a run found in a log and what it added. Its sum must hold: nothing of the source is lost, nothing made up.
type Summary struct {
	File      string `json:"file"`
	Mapping   string `json:"mapping"`
	Procedure string `json:"procedure"`

	Dossiers     int `json:"dossiers"`
	NewDossiers  int `json:"new_dossiers"`
	Added        int `json:"events_added"`
	AlreadyThere int `json:"events_already_there"`
	Rehearsed    int `json:"events_rehearsed,omitempty"`
	Failed       int `json:"failed,omitempty"`

	Commands  map[string]int `json:"commands"`
	Steps     int            `json:"steps"`
	Irregular map[string]int `json:"irregular"`

	SourceEvents int       `json:"source_events"`
	Mapped       []Mapped  `json:"mapped_attributes"`
	Dropped      []Dropped `json:"dropped_attributes"`
	Unmet        []string  `json:"mapping_entries_never_met,omitempty"`
}

// Mapped is an attribute of the trace that became a command so many times.
type Mapped struct {
	Attribute string `json:"attribute"`
	Command   string `json:"command"`
	Count     int    `json:"count"`
}

// Dropped is an attribute that no part of the mapping reads.
type Dropped struct {
	Of        string `json:"of"` // trace or event
	Attribute string `json:"attribute"`
	Count     int    `json:"count"`
}

func newSummary(m *Mapping, file string) Summary {
	return Summary{File: file, Mapping: m.Name, Procedure: m.Procedure.ID, Commands: map[string]int{}, Irregular: map[string]int{}}
}

func (s *Summary) add(t tally) {
	s.Dossiers++
	if t.fresh {
		s.NewDossiers++
	}
	if t.rehearsed {
		s.Rehearsed += t.events
	} else {
		s.Added += t.added
		s.AlreadyThere += t.events - t.added
	}
	s.Steps += t.steps
	for k, n := range t.commands {
		s.Commands[k] += n
	}
	for k, n := range t.irregular {
		s.Irregular[k] += n
	}
}

// finish takes over what the planner counted on the way.
func (s *Summary) finish(p *planner) {
	s.SourceEvents = p.events
	for _, m := range p.Marks {
		s.Mapped = append(s.Mapped, Mapped{m.Attribute, m.Command, p.marks[m.Attribute]})
		s.unmet(p, m.Line, m.Attribute)
	}
	for _, a := range p.Acts {
		s.unmet(p, a.Line, a.Activity)
	}
	for at, n := range p.dropped {
		of := "trace"
		if at.event {
			of = "event"
		}
		s.Dropped = append(s.Dropped, Dropped{of, at.key, n})
	}
	slices.SortFunc(s.Dropped, func(a, b Dropped) int {
		return strings.Compare(b.Of+" "+a.Attribute, a.Of+" "+b.Attribute)
	})
}

func (s *Summary) unmet(p *planner, line int, what string) {
	if !p.used[line] {
		s.Unmet = append(s.Unmet, fmt.Sprintf("%s:%d: %q", p.Name, line, what))
	}
}

// Sources counts what the log brought: its events and its mapped attributes.
func (s Summary) Sources() int {
	n := s.SourceEvents
	for _, m := range s.Mapped {
		n += m.Count
	}
	return n
}

// Acts counts what it became: commands, steps and irregular steps.
func (s Summary) Acts() int { return total(s.Commands) + s.Steps + total(s.Irregular) }

// Holds says whether everything of the log is accounted for.
func (s Summary) Holds() bool { return s.Failed == 0 && s.Sources() == s.Acts() }

func total(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}

// Write prints the summary for people.
func (s Summary) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(n int, what string) { fmt.Fprintf(t, "%s\t  %s\n", thousands(n), what) }
	row(s.Dossiers, fmt.Sprintf("dossiers of %s (%s new)", s.Procedure, thousands(s.NewDossiers)))
	if s.Rehearsed > 0 {
		row(s.Rehearsed, "events rehearsed, none kept")
	} else {
		row(s.Added, "events added")
		row(s.AlreadyThere, "events already there")
	}
	fmt.Fprintf(t, "\t\n")
	for _, k := range slices.Sorted(maps.Keys(s.Commands)) {
		row(s.Commands[k], k)
	}
	row(s.Steps, recordStep)
	for _, k := range slices.Sorted(maps.Keys(s.Irregular)) {
		row(s.Irregular[k], "irregular step: "+k)
	}
	fmt.Fprintf(t, "\t\n")
	for _, d := range s.Dropped {
		row(d.Count, fmt.Sprintf("dropped, no part of the mapping reads it: %s attribute %s", d.Of, d.Attribute))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	for _, u := range s.Unmet {
		fmt.Fprintf(w, "never met in this log: %s\n", u)
	}
	_, err := fmt.Fprintln(w, s.sumLine())
	return err
}

// sumLine is the check as arithmetic: what came in, what came of it.
func (s Summary) sumLine() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sum: %s events", thousands(s.SourceEvents))
	for _, m := range s.Mapped {
		fmt.Fprintf(&b, " + %s %s", thousands(m.Count), m.Attribute)
	}
	fmt.Fprintf(&b, " = %s; %s commands + %s steps + %s irregular = %s: ", thousands(s.Sources()),
		thousands(total(s.Commands)), thousands(s.Steps), thousands(total(s.Irregular)), thousands(s.Acts()))
	if s.Holds() {
		b.WriteString("holds")
	} else {
		b.WriteString("DOES NOT HOLD")
	}
	return b.String()
}

// thousands writes 12774 as 12,774.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
