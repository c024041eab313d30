package handlers_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"dossier/domain"
	"dossier/handlers"
)

func TestEveryDoorSaysWhatItAsksOrToWhomItIsOpen(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, face := range handlers.Faces() {
		for _, d := range handlers.Doors(face) {
			name := string(face) + " " + d.Name
			if seen[name] {
				t.Errorf("%s has two rules", name)
			}
			seen[name] = true
			if (len(d.Asks) == 0) == (d.Free == "") || d.About == "" {
				t.Errorf("%s asks for %d rights and is open to %q", name, len(d.Asks), d.Free)
			}
			for _, act := range d.Asks {
				someone := false
				for _, role := range domain.Roles() {
					someone = someone || handlers.May(domain.Actor{Account: "me", Role: role}, act) == nil
				}
				if !someone {
					t.Errorf("%s asks for %v, which nobody may", name, act)
				}
			}
			if d.Free == "" && d.May(domain.Actor{Account: "me", Role: "no_such_role"}) == nil {
				t.Errorf("%s is open to a role that there is not", name)
			}
		}
	}
	t.Logf("%d doors", len(seen))
}

func TestARouteWithoutARuleIsShut(t *testing.T) {
	t.Parallel()
	m := handlers.NewMux(handlers.API)
	m.HandleFunc("GET /v1/forgotten", func(http.ResponseWriter, *http.Request) { t.Error("somebody came in") })
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/v1/forgotten", nil))
	if w.Code != http.StatusForbidden {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
