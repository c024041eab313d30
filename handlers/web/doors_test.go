package web

import (
	"testing"

	"dossier/handlers"
	"dossier/handlers/identity"
)

func TestEveryPageHasARuleAndEveryRuleAPage(t *testing.T) {
	t.Parallel()
	s := &site{Deps: Deps{Dev: handlers.NewDevLogin(), SignIn: &identity.Login{}}.withDefaults(), assets: loadAssets()}
	there := map[string]bool{}
	for _, pattern := range s.routes().Patterns() {
		there[pattern] = true
		if _, known := handlers.DoorOf(handlers.Web, pattern); !known {
			t.Errorf("%q says nowhere who may see it: give it a line in handlers/doors.go", pattern)
		}
	}
	for _, d := range handlers.Doors(handlers.Web) {
		if !there[d.Name] {
			t.Errorf("there is a rule for %q, which there is not", d.Name)
		}
	}
	t.Logf("%d pages", len(there))
}
