package api

import (
	"testing"

	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

func TestEveryRouteHasARuleAndEveryRuleARoute(t *testing.T) {
	t.Parallel()
	s := newServer(Deps{Executor: &handlers.Executor{}})
	there := map[string]bool{}
	for _, pattern := range s.mux.Patterns() {
		there[pattern] = true
		if _, known := handlers.DoorOf(handlers.API, pattern); !known {
			t.Errorf("%q says nowhere who may use it: give it a line in handlers/doors.go", pattern)
		}
	}
	for _, d := range handlers.Doors(handlers.API) {
		if !there[d.Name] {
			t.Errorf("there is a rule for %q, which there is not", d.Name)
		}
	}
	for path, item := range s.api.OpenAPI().Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "HEAD": item.Head, "PUT": item.Put, "DELETE": item.Delete} {
			if op != nil && !there[method+" "+path] {
				t.Errorf("the document tells of %s %s, which the mux has not", method, path)
			}
		}
	}
	t.Logf("%d routes", len(there))
}
