package dossier

import "reflect"

// VerdictOf is what the soft guards said of an act that passed, as its facts bear it: "late", "out_of_flow", or "" for nothing.
func VerdictOf(events ...Event) string {
	for _, e := range events {
		v := reflect.ValueOf(e)
		for _, verdict := range []struct{ field, code string }{{"Late", "late"}, {"OutOfFlow", "out_of_flow"}} {
			if f := v.FieldByName(verdict.field); f.Kind() == reflect.Bool && f.Bool() {
				return verdict.code
			}
		}
	}
	return ""
}
