package dossier

import (
	"fmt"
	"slices"
	"strings"

	"dossier/domain"
)

// A Cell is one square of the law of moves: what a command does in a state. Either Events and To are set, or Refusal.
type Cell struct {
	From    Status
	Command string // kebab-case
	Events  []string
	Maybe   []string // that may come with them
	Actors  []domain.Role
	To      Status // Same and Back are resolved to words by who draws
	Import  bool   // only for imported history
	Refusal string
}

// Cells lists every state × command, the states in the order of a dossier's way, None first.
func Cells() []Cell {
	var cells []Cell
	for _, from := range slices.Concat([]Status{None}, Statuses()) {
		for _, c := range commands {
			cells = append(cells, cell(from, c.Name()))
		}
	}
	return cells
}

// cell prefers the live row: an import may do all that a live act may.
func cell(from Status, command string) Cell {
	for _, origin := range []domain.Origin{domain.Live, domain.Imported} {
		if t, found := move(command, from, origin); found {
			return Cell{From: from, Command: Kebab(command), Events: t.Events, Maybe: t.Maybe, Actors: t.Actors, To: t.To, Import: origin == domain.Imported}
		}
	}
	refusal := "wrong_state"
	if from.Ended() {
		refusal = "after_end"
	}
	return Cell{From: from, Command: Kebab(command), Refusal: refusal}
}

// Diagram draws the live moves as a Mermaid state diagram. Acts that keep the state are left to the table.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, edge := range edges() {
		fmt.Fprintf(&b, "    %s --> %s: %s\n", edge.from, edge.to, strings.Join(edge.commands, ", "))
	}
	for _, s := range Statuses() {
		if s.Terminal() {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	return b.String()
}

type edge struct {
	from, to string
	commands []string
}

// edges lists the arrows once each, with all commands that follow them.
func edges() []edge {
	var list []edge
	for _, t := range transitions {
		if t.Origin != domain.Live || t.To == Same {
			continue
		}
		for _, arrow := range t.arrows() {
			at := slices.IndexFunc(list, func(e edge) bool { return e.from == arrow.from && e.to == arrow.to })
			if at < 0 {
				list = append(list, arrow)
			} else {
				list[at].commands = append(list[at].commands, arrow.commands...)
			}
		}
	}
	return list
}

// arrows draws one row: from each state to the target, or back to each state that it may have come from.
func (t Transition) arrows() []edge {
	var list []edge
	label := []string{Kebab(t.Command)}
	if t.To == Back {
		for _, to := range leadingTo(t.From[0]) {
			list = append(list, edge{string(t.From[0]), string(to), label})
		}
		return list
	}
	for _, from := range t.From {
		name := string(from)
		if from == None {
			name = "[*]"
		}
		list = append(list, edge{name, string(t.To), label})
	}
	return list
}

// leadingTo lists the states that lead to one which goes back to where it was.
func leadingTo(s Status) []Status {
	var from []Status
	for _, t := range transitions {
		for _, f := range t.From {
			if t.To == s && !slices.Contains(from, f) {
				from = append(from, f)
			}
		}
	}
	return from
}
