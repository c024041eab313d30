package conditions

import (
	"fmt"
	"strconv"

	"dossier/domain"
	"dossier/domain/procedure"
)

// Answer asks those questions of a version that can be answered from some of the fields alone, given as "CODE.FIELD" with the value as it
// is written. Stated is what was said of conditions beside; a question may build on it. What it returns is known to hold or not to hold.
//
// The values are those that the version takes (procedure.Version.CheckValue).
func Answer(v procedure.Version, values map[string]string, stated map[string]bool) (map[string]bool, error) {
	answers := map[string]bool{}
	if len(values) == 0 {
		return answers, nil
	}
	set, findings := Compile(v)
	if len(findings) > 0 {
		return nil, fmt.Errorf("procedure %s version %d: %s: %s", v.ID, v.Number, findings[0].Path, findings[0].EN)
	}
	known := map[string]any{}
	for name, text := range values {
		f, is := v.Field(name)
		if !is {
			continue
		}
		if value, err := typed(f.Type, text); err == nil { // a value that was given to another version may not fit this one
			known["form."+name] = value
		}
	}
	for fact, holds := range stated {
		known["fact."+fact] = holds
	}
	for _, q := range set.asks {
		if !q.answerable(known) {
			continue
		}
		answer, _, err := q.program.Eval(known)
		if err != nil {
			return nil, &domain.Invalid{Code: "condition_fails", Field: "values",
				VI: "Không trả lời được điều kiện “" + q.name + "” của thủ tục với các giá trị này. Kiểm tra lại giá trị.",
				EN: "The condition “" + q.name + "” of the procedure has no answer for these values. Look at them again."}
		}
		answers[q.name] = answer.Value() == true
		known["fact."+q.name] = answers[q.name]
	}
	return answers, nil
}

func (q question) answerable(known map[string]any) bool {
	for _, f := range q.fields {
		if _, given := known[f]; !given {
			return false
		}
	}
	for _, f := range q.facts {
		if _, given := known["fact."+f]; !given {
			return false
		}
	}
	return true
}

// typed is a written value as the engine compares it.
func typed(kind, text string) (any, error) {
	switch kind {
	case "boolean":
		return strconv.ParseBool(text)
	case "integer":
		return strconv.ParseInt(text, 10, 64)
	case "number":
		return strconv.ParseFloat(text, 64)
	}
	return text, nil
}
