// Package conditions answers the questions of a procedure over what was filled in: each is a CEL expression, each answer a named fact.
//
// Only this package knows the expression engine. The domain, the journal and every due date see the facts alone, so they hold even when
// the form they were found in is long erased.
package conditions

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dossier/domain/procedure"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// most is what one question may cost, in the engine's own units: none runs away.
const most = 10_000

// Set is the questions of a version, compiled.
type Set struct {
	version procedure.Version
	fields  map[string]procedure.Field // by "form.CODE.FIELD"
	asks    []question
}

// question is one fact's expression.
type question struct {
	name    string
	program cel.Program
	fields  []string // it looks at
	facts   []string // it builds on
	values  []any    // it compares with: where its answer may turn
}

// Compile reads and type-checks every question against the forms. What is wrong is told all at once; questions that are wrong are not
// in the set.
func Compile(v procedure.Version) (*Set, []procedure.Finding) {
	s := &Set{version: v, fields: map[string]procedure.Field{}}
	var findings []procedure.Finding
	var known []cel.EnvOption
	for _, form := range v.Forms {
		for _, f := range form.Fields() {
			name := "form." + form.Code + "." + f.Name
			s.fields[name] = f
			known = append(known, cel.Variable(name, typeOf(f.Type)))
		}
	}
	for i, c := range v.Facts {
		env, err := cel.NewEnv(known...)
		if err != nil {
			return s, append(findings, bad(i, "bad_condition", err.Error(), err.Error()))
		}
		q, found := s.compile(env, i, c)
		findings = append(findings, found...)
		if len(found) == 0 {
			s.asks = append(s.asks, q)
		}
		known = append(known, cel.Variable("fact."+c.Name, cel.BoolType)) // questions may build on the facts before them
	}
	return s, findings
}

func typeOf(name string) *cel.Type {
	switch name {
	case "boolean":
		return cel.BoolType
	case "integer":
		return cel.IntType
	case "number":
		return cel.DoubleType
	}
	return cel.StringType
}

func bad(i int, code, vi, en string) procedure.Finding {
	return procedure.Finding{Code: code, Path: fmt.Sprintf("facts[%d].when", i), VI: vi, EN: en}
}

func (s *Set) compile(env *cel.Env, i int, c procedure.Condition) (q question, findings []procedure.Finding) {
	tree, issues := env.Compile(c.When)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			at, why := e.Location.Column()+1, e.Message
			if strings.HasPrefix(why, "undeclared reference") {
				why += "; known are: " + strings.Join(slices.Sorted(maps.Keys(s.fields)), ", ")
			}
			findings = append(findings, bad(i, "bad_condition",
				fmt.Sprintf("ký tự %d của điều kiện: %s", at, why), fmt.Sprintf("character %d of the condition: %s", at, why)))
		}
		return q, findings
	}
	if tree.OutputType() != cel.BoolType {
		return q, append(findings, bad(i, "not_boolean", "điều kiện phải trả lời đúng hoặc sai, không phải "+tree.OutputType().String(), "a condition answers true or false, not "+tree.OutputType().String()))
	}
	q = question{name: c.Name}
	for _, r := range tree.NativeRep().ReferenceMap() {
		if f, is := s.fields[r.Name]; is && !slices.Contains(q.fields, r.Name) {
			q.fields = append(q.fields, r.Name)
			if !f.Required {
				findings = append(findings, bad(i, "optional_field", "mục “"+r.Name+"” có thể bỏ trống: đưa nó vào required của biểu mẫu", "“"+r.Name+"” may be left out: make it required in its form"))
			}
		}
	}
	for _, r := range tree.NativeRep().ReferenceMap() {
		if fact, is := strings.CutPrefix(r.Name, "fact."); is {
			q.facts = append(q.facts, fact)
		}
	}
	slices.Sort(q.fields)
	for _, e := range ast.MatchDescendants(ast.NavigateAST(tree.NativeRep()), ast.KindMatcher(ast.LiteralKind)) {
		q.values = append(q.values, e.AsLiteral().Value())
	}
	var err error
	if q.program, err = env.Program(tree, cel.CostLimit(most)); err != nil {
		findings = append(findings, bad(i, "bad_condition", err.Error(), err.Error()))
	}
	return q, findings
}

// answers asks every question over these values and returns the facts that hold.
func (s *Set) answers(values map[string]any) (facts procedure.Case, err error) {
	known := make(map[string]any, len(values)+len(s.asks))
	for name, v := range values {
		known[name] = v
	}
	facts = procedure.Case{}
	for _, q := range s.asks {
		answer, _, err := q.program.Eval(known)
		if err != nil {
			return nil, &failure{q.name, err}
		}
		holds := answer.(ref.Val) == types.True
		if known["fact."+q.name] = holds; holds {
			facts = append(facts, q.name)
		}
	}
	return facts, nil
}

// failure is a question that has no answer over certain values.
type failure struct {
	fact string
	err  error
}

func (f *failure) Error() string { return fmt.Sprintf("fact %s: %v", f.fact, f.err) }
func (f *failure) Unwrap() error { return f.err }
