package main

import (
	"testing"

	"github.com/urfave/cli/v3"

	"dossier/handlers"
)

// leaves are the command lines that do something, by the words one types.
func leaves(c *cli.Command, above string) (names []string) {
	name := above + c.Name
	if len(c.Commands) == 0 || finds(c) {
		names = append(names, name)
	}
	for _, sub := range c.Commands {
		names = append(names, leaves(sub, name+" ")...)
	}
	return names
}

func TestEveryCommandLineHasARuleAndEveryRuleACommandLine(t *testing.T) {
	t.Parallel()
	there := map[string]bool{}
	for _, name := range leaves((&app{}).commands(), "") {
		there[name] = true
		if _, known := handlers.DoorOf(handlers.CLI, name); !known {
			t.Errorf("%q says nowhere who may use it: give it a line in handlers/doors_cli.go", name)
		}
	}
	for _, d := range handlers.Doors(handlers.CLI) {
		if !there[d.Name] {
			t.Errorf("there is a rule for %q, which there is not", d.Name)
		}
	}
	t.Logf("%d command lines", len(there))
}
