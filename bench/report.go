package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"
)

// report is what a run found, as it is printed, kept and drawn.
type report struct {
	When    time.Time `json:"when"`
	Machine string    `json:"machine"`
	Rounds  int       `json:"rounds"`
	Groups  []group   `json:"groups"`
}

// group is one thing measured on all who can do it.
type group struct {
	What string `json:"what"`
	Unit string `json:"unit"` // "events/s" or "ms"
	Bars []bar  `json:"figures"`
}

// bar is one figure; all but ours hold our ratio to it. Goal and Met stand where a goal is measured.
type bar struct {
	Name  string  `json:"name"`
	Kind  kind    `json:"kind"`
	Value float64 `json:"value"`
	Ratio float64 `json:"ratio,omitempty"`
	Goal  string  `json:"goal,omitempty"`
	Met   *bool   `json:"met,omitempty"`
}

// label names a bar so that nobody takes a baseline for a peer.
func (b *bar) label() string {
	if b.Kind == baseline || b.Kind == unchecked {
		return b.Name + " (" + string(b.Kind) + ")"
	}
	return b.Name
}

// compare adds rates. The goal, 0 for none, is held against the fastest of ours' kind.
func (r *report) compare(what string, field []contender, rates []float64, goal float64) {
	g := group{What: what, Unit: "events/s"}
	best := -1
	for i, c := range field {
		b := bar{Name: c.name, Kind: c.kind, Value: rates[i]}
		if i > 0 {
			b.Ratio = rates[0] / rates[i]
			if c.kind == field[0].kind && (best < 0 || rates[i] > rates[best]) {
				best = i
			}
		}
		g.Bars = append(g.Bars, b)
	}
	if goal > 0 {
		met := g.Bars[best].Ratio >= goal
		g.Bars[best].Goal, g.Bars[best].Met = fmt.Sprintf("≥ %.1f", goal), &met
	}
	r.Groups = append(r.Groups, g)
}

// delay adds one latency with a bound in milliseconds.
func (r *report) delay(what string, ours float64, peer string, theirs, bound float64) {
	met := ours < bound
	r.Groups = append(r.Groups, group{What: what, Unit: "ms", Bars: []bar{
		{Name: "dossier", Kind: pipe, Value: ours},
		{Name: peer, Kind: pipe, Value: theirs, Ratio: theirs / max(ours, 0.01), Goal: fmt.Sprintf("< %.0f ms", bound), Met: &met},
	}})
}

func (r *report) missed() (n int) {
	for _, g := range r.Groups {
		for _, b := range g.Bars {
			if b.Met != nil && !*b.Met {
				n++
			}
		}
	}
	return n
}

func figure(v float64, unit string) string {
	if unit == "ms" {
		return fmt.Sprintf("%.2f ms", v)
	}
	return fmt.Sprintf("%.0f/s", v)
}

func (r *report) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "measure\tours\tpeer (version)\tpeer's\tratio\tgoal\t")
	for _, g := range r.Groups {
		for _, b := range g.Bars[1:] {
			verdict := ""
			if b.Met != nil {
				verdict = map[bool]string{true: "MET", false: "MISSED"}[*b.Met]
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.2f\t%s\t%s\n", g.What, figure(g.Bars[0].Value, g.Unit), b.label(), figure(b.Value, g.Unit), b.Ratio, b.Goal, verdict)
		}
	}
	w.Flush()
	fmt.Fprintf(out, "\n%s; medians of %d rounds in turns.\n", r.Machine, r.Rounds)
	fmt.Fprint(out, explained)
}

// explained says in the output itself what the goals are held against, and what nothing is held against although it is nearer.
const explained = `
Goals of appends are held against the fastest event store among the peers: it checks versions and one can read it in order.
Baselines are the published SQL of the Go stores, written here: one table, INSERTs, unique (stream, version). They are nearer, or ahead,
because they do less: their sequence gives a number before the commit, so a reader that follows it loses events; no lock, no lanes, no
partitions, no check of JSON, and each writer has a connection and so a share of both cores. They say what those promises cost.
`

func (r *report) save(file string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode results: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}
