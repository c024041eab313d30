package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/urfave/cli/v3"

	"dossier/domain"
	"dossier/domain/dossier"
)

func (a *app) domainCommand() *cli.Command {
	return group(&cli.Command{
		Name: "domain", Usage: "the rules",
		Commands: []*cli.Command{{
			Name: "table", Usage: "every state x command: what it records and where it leads, or the refusal, each with an example",
			Flags: []cli.Flag{
				formatFlag(),
				&cli.StringFlag{Name: "state", Usage: "only this state (none: before the filing)"},
				&cli.StringFlag{Name: "command", Usage: "only this command"},
			},
			Action: func(_ context.Context, cmd *cli.Command) error {
				t := &table{columns: []string{"state", "command", "events", "to", "by", "refusal", "example"}}
				for _, c := range dossier.Cells() {
					q := squareOf(c)
					if only(cmd.String("state"), q.State) && only(cmd.String("command"), q.Command) {
						t.add(q, q.State, q.Command, or(join(q.Events), "-"), or(q.To, "-"), or(join(q.Actors), "-"), or(q.Refusal, "-"), q.Example)
					}
				}
				return t.print(a.stdout, cmd)
			},
		}},
	})
}

// square is one square of the law of moves, for reading.
type square struct {
	State   string        `json:"state"`
	Command string        `json:"command"`
	Events  []string      `json:"events,omitempty"`
	Maybe   []string      `json:"maybe,omitempty"`
	To      string        `json:"to,omitempty"`
	Actors  []domain.Role `json:"actors,omitempty"`
	Import  bool          `json:"import,omitempty"`
	Refusal string        `json:"refusal,omitempty"`
	Example string        `json:"example"` // of a possible act, a body; of a refused one, the answer
}

func squareOf(c dossier.Cell) square {
	q := square{State: or(string(c.From), "none"), Command: c.Command, Events: c.Events, Maybe: c.Maybe, Actors: c.Actors, Import: c.Import, Refusal: c.Refusal}
	if q.Example = c.Answer("en"); c.Refusal == "" {
		q.Example = doing(c.Command)
		q.To = string(c.To)
	}
	switch c.To {
	case dossier.Same:
		q.To = "stays"
	case dossier.Back:
		q.To = "back to where it was"
	}
	return q
}

// doing is a command line that the command would be understood with.
func doing(command string) string {
	line := "dossier do ID " + command
	if command == "submit" {
		line = "dossier submit"
	}
	var body map[string]json.RawMessage
	if json.Unmarshal(dossier.Example(command), &body) != nil {
		return line
	}
	for _, m := range dossier.CommandMembers(command) {
		value, required := body[m.Name]
		switch {
		case !required:
		case m.Kind == dossier.TextMember || m.Kind == dossier.TimeMember:
			line += " --set " + m.Name + "=" + strings.Trim(string(value), `"`)
		default:
			line += " --set '" + m.Name + "=" + string(value) + "'"
		}
	}
	return line
}

func only(wanted, is string) bool { return wanted == "" || wanted == is }

func join[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = or(string(v), "-")
	}
	return strings.Join(parts, ", ")
}
