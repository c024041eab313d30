package exchange

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"dossier/domain/dossier"
	"dossier/domain/procedure"

	"gopkg.in/yaml.v3"
)

// A Mapping says what the traces of one source mean: which attribute and which activity becomes which command. What it does
// not name becomes a recorded step (events) or is dropped and counted (attributes). docs/import.md describes the file.
type Mapping struct {
	Name      string // the file, for messages
	Source    string // part of every dossier's identity: never change it between runs
	Procedure procedure.Version
	Zone      *time.Location // of times without an offset; nil refuses them

	Case     caseRule
	Event    eventRule
	Step     rule            // what every recorded step says beside its code
	Marks    []attributeRule // attributes of the trace that become commands, in the order of the file
	Acts     []activityRule  // activities that become commands
	codes    *codes
	consumed map[scoped]bool // attributes that something reads
}

type caseRule struct{ Attribute, Prefix string }

type eventRule struct {
	Activity, Time, Resource, Group string
	StepCode                        *regexp.Regexp // what of the activity is the step's code; nil: all of it
}

// rule makes one command.
type rule struct {
	Line    int
	Command string
	Fields  []field
}

type attributeRule struct {
	rule
	Attribute string
	At        string // attribute that says when it was true
}

type activityRule struct {
	rule
	Activity string
	Prefix   bool // the name ended with *
}

// scoped names an attribute of the trace or of its events.
type scoped struct {
	event bool
	key   string
}

// field says where one field of a command comes from: a constant of the mapping or an attribute.
type field struct {
	Line     int
	Name     string
	Constant json.RawMessage // nil: take From
	From     scoped
	Values   map[string]json.RawMessage // nil: the attribute's own value as As says
	As       kind
}

// kind is how an attribute's value is written into a command.
type kind int

const (
	asCode kind = iota
	asTime
	asNumber
)

const maxMapping = 1 << 20

// LoadMapping reads and checks a mapping. What is wrong with it comes as one *MappingError with every line that is.
func LoadMapping(path string) (*Mapping, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read mapping: %w", err)
	}
	if info.Size() > maxMapping {
		return nil, fmt.Errorf("read mapping: %s has %d bytes; at most %d are read", path, info.Size(), maxMapping)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read mapping: %w", err)
	}
	return ParseMapping(filepath.Base(path), text)
}

// ParseMapping reads and checks the text of a mapping; name stands in its errors.
func ParseMapping(name string, text []byte) (*Mapping, error) {
	root, err := parseYAML(name, text)
	if err != nil {
		return nil, err
	}
	r := mappingReader{m: &Mapping{Name: name, consumed: map[scoped]bool{}}, codes: map[string]string{}}
	r.mapping(root)
	if len(r.list) == 0 {
		r.check(root)
	}
	if err := r.err(name); err != nil {
		return nil, err
	}
	r.m.codes = newCodes(r.codes)
	return r.m, nil
}

// mappingReader turns YAML nodes into a Mapping and gathers what is wrong.
type mappingReader struct {
	problems
	m     *Mapping
	codes map[string]string
	nodes []ruleNode // to check each rule against the domain once all is read
}

type ruleNode struct {
	r      *rule
	node   *yaml.Node
	fields map[string]*yaml.Node
	where  place
}

// place is where a rule stands, which decides what it may be.
type place int

const (
	inAttributes place = iota
	inActivities
	inStep
)

func (r *mappingReader) mapping(n *yaml.Node) {
	r.walk(n, "the mapping",
		part{"source", true, r.code("source", &r.m.Source)},
		part{"procedure", true, r.procedure},
		part{"zone", false, r.zone},
		part{"case", true, r.caseRule},
		part{"event", true, r.eventRule},
		part{"codes", false, r.fixedCodes},
		part{"step", false, r.step},
		part{"attributes", false, r.attributes},
		part{"activities", false, r.activities},
	)
}

func (r *mappingReader) code(what string, to *string) func(*yaml.Node) {
	read := r.text(what, to)
	return func(n *yaml.Node) {
		read(n)
		if *to != "" && !codePattern.MatchString(*to) {
			r.at(n, "%s %q is no code: lower-case letters, digits and . _ : -, at most %d", what, *to, maxCode)
		}
	}
}

func (r *mappingReader) procedure(n *yaml.Node) {
	var id, external string
	var names = map[string]string{}
	r.walk(n, "procedure",
		part{"id", true, r.code("the procedure's id", &id)},
		part{"external", true, r.text("external", &external)},
		part{"names", false, func(n *yaml.Node) {
			vi, en := "", ""
			r.walk(n, "names", part{"vi", true, r.text("vi", &vi)}, part{"en", true, r.text("en", &en)})
			names["vi"], names["en"] = vi, en
		}},
	)
	if external != "" && external != "true" {
		r.at(n, "external must be true: imported history never belongs to a procedure that is open for filing")
	}
	if id != "" && !strings.HasPrefix(id, extPrefix) {
		r.at(n, "the procedure's id %q must begin with %s: it is another system's", id, extPrefix)
	}
	r.m.Procedure = procedure.ExternalVersion(id)
	if names["vi"] != "" {
		r.m.Procedure.NameVI, r.m.Procedure.NameEN = names["vi"], names["en"]
	}
}

func (r *mappingReader) zone(n *yaml.Node) {
	var name string
	r.text("zone", &name)(n)
	zone, err := time.LoadLocation(name)
	if name != "" && (err != nil || name == "Local") {
		r.at(n, "zone %q is unknown: write it like Europe/Amsterdam", name)
		return
	}
	r.m.Zone = zone
}

func (r *mappingReader) caseRule(n *yaml.Node) {
	r.walk(n, "case",
		part{"attribute", true, r.text("attribute", &r.m.Case.Attribute)},
		part{"prefix", false, r.text("prefix", &r.m.Case.Prefix)},
	)
	r.m.consumed[scoped{key: r.m.Case.Attribute}] = true
}

func (r *mappingReader) eventRule(n *yaml.Node) {
	e := &r.m.Event
	r.walk(n, "event",
		part{"activity", true, r.text("activity", &e.Activity)},
		part{"time", true, r.text("time", &e.Time)},
		part{"resource", false, r.text("resource", &e.Resource)},
		part{"group", false, r.text("group", &e.Group)},
		part{"step_code", false, r.stepCode},
	)
	for _, key := range []string{e.Activity, e.Time, e.Resource, e.Group} {
		if key != "" {
			r.m.consumed[scoped{event: true, key: key}] = true
		}
	}
}

func (r *mappingReader) stepCode(n *yaml.Node) {
	var pattern string
	r.text("step_code", &pattern)(n)
	re, err := regexp.Compile(pattern)
	if err != nil {
		r.at(n, "step_code is no regular expression: %v", err)
		return
	}
	r.m.Event.StepCode = re
}

func (r *mappingReader) fixedCodes(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.at(n, "codes must be a map of values to codes, not %s", kindOf(n))
		return
	}
	r.each(n, func(key, value *yaml.Node) {
		var code string
		r.code("the code", &code)(value)
		if code != "" && !strings.HasPrefix(code, extPrefix) {
			r.at(value, "code %q must begin with %s: it is another system's", code, extPrefix)
		}
		r.codes[key.Value] = code
	})
}

func (r *mappingReader) step(n *yaml.Node) {
	r.m.Step = rule{Line: n.Line, Command: recordStep}
	r.fields(n, &r.m.Step, inStep, n)
}

func (r *mappingReader) attributes(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.at(n, "attributes must be a map of the trace's attributes, not %s", kindOf(n))
		return
	}
	r.m.Marks = make([]attributeRule, 0, len(n.Content)/2) // rules are pointed to: never moved
	r.each(n, func(key, value *yaml.Node) {
		r.m.Marks = append(r.m.Marks, attributeRule{Attribute: key.Value, At: key.Value})
		a := &r.m.Marks[len(r.m.Marks)-1]
		r.rule(key, value, &a.rule, inAttributes, part{"at", false, r.text("at", &a.At)})
		r.m.consumed[scoped{key: a.Attribute}] = true
		r.m.consumed[scoped{key: a.At}] = true
	})
}

func (r *mappingReader) activities(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.at(n, "activities must be a map of activities, not %s", kindOf(n))
		return
	}
	r.m.Acts = make([]activityRule, 0, len(n.Content)/2)
	r.each(n, func(key, value *yaml.Node) {
		name, prefix := strings.CutSuffix(key.Value, "*")
		r.m.Acts = append(r.m.Acts, activityRule{Activity: name, Prefix: prefix})
		r.rule(key, value, &r.m.Acts[len(r.m.Acts)-1].rule, inActivities)
	})
}

func (r *mappingReader) rule(key, n *yaml.Node, to *rule, where place, more ...part) {
	to.Line = key.Line
	var fields *yaml.Node
	parts := append([]part{
		{"command", true, r.command(to)},
		{"fields", false, func(n *yaml.Node) { fields = n }},
	}, more...)
	r.walk(n, fmt.Sprintf("%q", key.Value), parts...)
	r.fields(fields, to, where, key)
}

func (r *mappingReader) command(to *rule) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var name string
		r.text("command", &name)(n)
		known := dossier.CommandNames()
		for _, k := range known {
			if k == name {
				to.Command = name
				return
			}
		}
		if name != "" {
			r.at(n, "unknown command %q%s", name, didYouMean(name, known))
		}
	}
}
