package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers"
)

// What a procedure's own forms ask is part of the page on which a dossier is filed. What is personal, or is typed in words, goes into the vault
// alone; an applicant finds there what it typed last time.

// fields are the fields of the forms of a procedure, with what was typed, and where nothing was, what is known.
func (s *site) fields(v *visit, id string, typed url.Values, known map[string]string) (list []input) {
	version, valid := v.today(id)
	if !valid {
		return nil
	}
	for _, form := range version.Forms {
		for i, f := range form.InOrder() {
			name := form.Code + "." + f.Name
			in := v.fieldInput(f, inputName(version, name), typed)
			if in.Value == "" {
				in.Value = known[name]
			}
			if in.Required = in.Required && v.Actor != nil && v.Actor.Role == domain.Applicant; i == 0 { // at the counter the paper may say it
				in.Group = Words{form.NameVI, form.NameEN}.In(v.lang)
			}
			list = append(list, in)
		}
	}
	return list
}

// today is the version of a procedure that is valid today and open to filing.
func (v *visit) today(id string) (procedure.Version, bool) {
	for _, version := range v.rules.Today() {
		if version.ID == id && version.OpenForFiling {
			return version, true
		}
	}
	return procedure.Version{}, false
}

// inputName is where the command has a field of the forms, as its refusals name it.
func inputName(v procedure.Version, field string) string {
	if v.Entered(field) {
		return "entries." + field
	}
	return "values." + field
}

func (v *visit) fieldInput(f procedure.Field, name string, typed url.Values) input {
	in := input{Name: name, Kind: "line", Label: Words{f.VI, f.EN}.In(v.lang), Required: f.Required, Value: typed.Get(name), Max: 4000}
	if f.Longest > 0 {
		in.Max = f.Longest
	}
	pick := func(value, words string) {
		in.Options = append(in.Options, option{value, words, in.Value == value})
	}
	switch {
	case f.Type == "boolean":
		in.Kind = "radio"
		pick("true", Words{"Có", "Yes"}.In(v.lang))
		pick("false", Words{"Không", "No"}.In(v.lang))
	case len(f.Choices) > 0:
		in.Kind = "select"
		for _, choice := range f.Choices {
			pick(choice, choice)
		}
	case f.Format == "date":
		in.Hint = Words{"Năm-tháng-ngày, ví dụ 2026-11-26.", "Year-month-day, such as 2026-11-26."}.In(v.lang)
	case f.Type == "string" && f.Pattern == "" && in.Max > 300:
		in.Kind = "words"
	}
	return in
}

// filledIn puts what was typed into the fields of the forms into the command's body.
func filledIn(body map[string]any, typed url.Values) {
	var values []dossier.Given
	var entries []map[string]string
	for _, name := range sortedNames(typed) {
		text := strings.TrimSpace(typed.Get(name))
		if text == "" {
			continue
		}
		if field, is := strings.CutPrefix(name, "values."); is {
			values = append(values, dossier.Given{Field: dossier.Code(field), Value: dossier.Value(text)})
		} else if field, is := strings.CutPrefix(name, "entries."); is {
			entries = append(entries, map[string]string{"field": field, "text": text})
		}
	}
	if len(values) > 0 {
		body["values"] = values
	}
	if len(entries) > 0 {
		body["entries"] = entries
	}
}

// knownBefore is what an applicant finds in the fields: one reading of the vault, in the access journal as any other. Where there is no vault,
// nothing is known.
func (s *site) knownBefore(r *http.Request, v *visit, id string) map[string]string {
	known := map[string]string{}
	if v.Actor == nil || v.Actor.Role != domain.Applicant || s.Executor.Vault() == nil {
		return known
	}
	filled, err := s.persons().Prefill(r.Context(), handlers.Accessor{Actor: *v.Actor}, v.Actor.Account, id, "own")
	if err != nil {
		return known // the form is there all the same
	}
	for _, p := range filled {
		known[p.Field] = p.Text
	}
	return known
}

func sortedNames(typed url.Values) []string { return slices.Sorted(maps.Keys(typed)) }
