package exchange

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"

	"github.com/google/uuid"
)

// plan is what one trace asks of one dossier: the acts in the order in which they are decided.
type plan struct {
	trace  *Trace
	Case   string
	Code   dossier.External
	Stream uuid.UUID
	Acts   []act

	ext dossier.Code // the case as a code
}

// act is one command at its time, and the step it becomes when the rules refuse it.
type act struct {
	Name    string             `json:"command"`
	At      time.Time          `json:"at"`
	Command dossier.Command    `json:"fields"`
	Oldest  bool               `json:"-"` // answers the oldest open request, whichever that will be
	Step    dossier.RecordStep `json:"step"`
	Source  dossier.Source     `json:"-"` // the step says the same
	line    int
}

// planner turns traces into plans and counts what it leaves aside.
type planner struct {
	*Mapping
	file    string
	now     func() time.Time
	dropped map[scoped]int
	used    map[int]bool // lines of mapping rules that met something
	marks   map[string]int
	events  int
}

func newPlanner(m *Mapping, file string, now func() time.Time) *planner {
	return &planner{Mapping: m, file: file, now: now, dropped: map[scoped]int{}, used: map[int]bool{}, marks: map[string]int{}}
}

// plan reads a trace by the mapping. A mark is the attribute of a trace that becomes a command.
func (p *planner) plan(t *Trace) (*plan, error) {
	made := &plan{trace: t}
	if err := p.identify(made); err != nil {
		return nil, err
	}
	first, last, err := p.planMarks(made)
	if err != nil {
		return nil, err
	}
	made.Acts = first
	for i := range t.Events {
		a, err := p.planEvent(made, &t.Events[i])
		if err != nil {
			return nil, err
		}
		made.Acts = append(made.Acts, a)
	}
	made.Acts = append(made.Acts, last...)
	p.events += len(t.Events)
	p.countDropped(t.Attributes, false)
	for _, e := range t.Events {
		p.countDropped(e.Attributes, true)
	}
	return made, p.order(made)
}

// identify finds the case and with it the dossier.
func (p *planner) identify(made *plan) error {
	a, err := p.only(made, made.trace.Attributes, p.Case.Attribute)
	if err != nil {
		return err
	}
	if a.Value == "" {
		return p.fail(made, made.trace.Line, p.Case.Attribute, "the trace has no case")
	}
	made.Case = a.Value
	made.Code = dossier.External(p.Case.Prefix + a.Value)
	if !made.Code.Valid() {
		made.Code = dossier.External(caseCode(p.Case.Prefix + a.Value))
	}
	if !made.Code.Valid() {
		return p.fail(made, a.Line, a.Key, "the case could be a telephone or identity number: give case a prefix in the mapping")
	}
	made.ext = dossier.Code(extCode(string(made.Code)))
	made.Stream = eventstore.StreamIDFor(handlers.Kind, "import:"+p.Source, string(made.Code))
	return nil
}

// planMarks makes the acts of the trace's attributes, in the order of the mapping: attributes of a trace have none of their own.
// At one time they stand before the events, but an end stands after them.
func (p *planner) planMarks(made *plan) (first, last []act, err error) {
	for i := range p.Marks {
		m := &p.Marks[i]
		value, err := p.only(made, made.trace.Attributes, m.Attribute)
		if err != nil {
			return nil, nil, err
		}
		if value.Key == "" {
			continue
		}
		p.used[m.Line] = true
		p.marks[m.Attribute]++
		at, err := p.time(made, made.trace.Attributes, m.At, value.Line)
		if err != nil {
			return nil, nil, err
		}
		name := extCode(m.Attribute)
		a, err := p.act(made, &m.rule, nil, dossier.RecordStep{Code: dossier.Code(name), Activity: dossier.Code(name)}, at, value.Line)
		if err != nil {
			return nil, nil, err
		}
		if _, end := a.Command.(dossier.RecordOutcome); end {
			last = append(last, a)
			continue
		}
		first = append(first, a)
	}
	return first, last, nil
}

func (p *planner) planEvent(made *plan, e *XESEvent) (act, error) {
	activity, err := p.only(made, e.Attributes, p.Event.Activity)
	if err != nil {
		return act{}, err
	}
	if strings.TrimSpace(activity.Value) == "" {
		return act{}, p.fail(made, e.Line, p.Event.Activity, "an event has no activity")
	}
	at, err := p.time(made, e.Attributes, p.Event.Time, e.Line)
	if err != nil {
		return act{}, err
	}
	step, err := p.sourceStep(made, e, activity)
	if err != nil {
		return act{}, err
	}
	r := p.ruleFor(activity.Value)
	if r == nil {
		r = &rule{Command: recordStep}
	} else {
		p.used[r.Line] = true
	}
	return p.act(made, r, e, step, at, e.Line)
}

// sourceStep says where the event stood in its log.
func (p *planner) sourceStep(made *plan, e *XESEvent, activity Attribute) (s dossier.RecordStep, err error) {
	if s.Activity, err = p.code(made, scoped{true, p.Event.Activity}, activity); err != nil {
		return s, err
	}
	s.Code = s.Activity
	if re := p.Event.StepCode; re != nil {
		if found := re.FindString(activity.Value); found != "" {
			s.Code = dossier.Code(extCode(found))
		}
	}
	for key, to := range map[string]*dossier.Code{p.Event.Resource: &s.Resource, p.Event.Group: &s.Group} {
		a, err := p.only(made, e.Attributes, key)
		if err != nil {
			return s, err
		}
		if a.Value == "" {
			continue
		}
		if *to, err = p.code(made, scoped{true, key}, a); err != nil {
			return s, err
		}
	}
	return s, nil
}

// ruleFor finds the rule of an activity: its own name first, then the longest beginning.
func (p *planner) ruleFor(activity string) *rule {
	var best *activityRule
	for i := range p.Acts {
		r := &p.Acts[i]
		if !r.Prefix && r.Activity == activity {
			return &r.rule
		}
		if r.Prefix && strings.HasPrefix(activity, r.Activity) && (best == nil || len(r.Activity) > len(best.Activity)) {
			best = r
		}
	}
	if best == nil {
		return nil
	}
	return &best.rule
}

// act makes the command of a rule and the step it would be.
func (p *planner) act(made *plan, r *rule, e *XESEvent, step dossier.RecordStep, at time.Time, line int) (a act, err error) {
	step.Case = made.ext
	a = act{Name: r.Command, At: at, line: line}
	a.Source = dossier.Source{Activity: step.Activity, Resource: step.Resource, Group: step.Group, Case: step.Case}
	if err = p.stepFields(made, &p.Step, e, &step); err != nil {
		return a, err
	}
	a.Step = step
	switch r.Command {
	case recordStep:
		err = p.stepFields(made, r, e, &step)
		a.Command = step
	case recordOpinion:
		a.Oldest = !slices.ContainsFunc(r.Fields, func(f field) bool { return f.Name == "number" })
		fallthrough
	default:
		a.Command, err = p.command(made, r, e, line)
	}
	return a, err
}

// stepFields sets the fields of a step, which are all codes, without the way through JSON: most of a log is steps.
func (p *planner) stepFields(made *plan, r *rule, e *XESEvent, step *dossier.RecordStep) error {
	for i := range r.Fields {
		f := &r.Fields[i]
		value, err := p.value(made, f, e)
		if err != nil {
			return err
		}
		if value == nil {
			continue
		}
		var code dossier.Code
		if err := json.Unmarshal(value, &code); err != nil || !code.Valid() {
			return p.fail(made, made.trace.Line, f.From.key, fmt.Sprintf("field %q (mapping line %d) takes a code, not %s", f.Name, f.Line, value))
		}
		switch f.Name {
		case "code":
			step.Code = code
		case "unit":
			step.Unit = code
		case "officer":
			step.Officer = code
		default:
			return p.fail(made, made.trace.Line, "", fmt.Sprintf("a step has no field %q (mapping line %d)", f.Name, f.Line))
		}
	}
	return nil
}

// order puts the start first, then everything by the time it was true; what is at one time keeps its order.
func (p *planner) order(made *plan) error {
	sort.SliceStable(made.Acts, func(i, j int) bool { return made.Acts[i].At.Before(made.Acts[j].At) })
	for i, a := range made.Acts {
		if _, start := a.Command.(dossier.SubmitDossier); start {
			copy(made.Acts[1:i+1], made.Acts[:i])
			made.Acts[0] = a
			return nil
		}
	}
	return p.fail(made, made.trace.Line, "", "nothing in the trace begins the dossier: "+p.startWords())
}

func (p *planner) startWords() string {
	for _, m := range p.Marks {
		if m.Command == submit {
			return fmt.Sprintf("attribute %q is missing", m.Attribute)
		}
	}
	for _, a := range p.Acts {
		if a.Command == submit {
			return fmt.Sprintf("no event with activity %q", a.Activity)
		}
	}
	return "the mapping names no start"
}

func (p *planner) countDropped(attributes []Attribute, event bool) {
	for _, a := range attributes {
		if s := (scoped{event, a.Key}); !p.consumed[s] {
			p.dropped[s]++
		}
		p.countNested(a, event)
	}
}

// countNested counts what stands inside an attribute: no mapping reaches there.
func (p *planner) countNested(a Attribute, event bool) {
	for _, inner := range a.Inner {
		inner.Key = a.Key + " › " + inner.Key
		p.dropped[scoped{event, inner.Key}]++
		p.countNested(inner, event)
	}
}

func (p *planner) fail(made *plan, line int, key, msg string) error {
	name := made.Case
	if name == "" {
		name = caseOf(made.trace)
	}
	return &FormatError{Name: p.file, Line: line, Trace: made.trace.Number, Case: name, Key: key, Msg: msg}
}
