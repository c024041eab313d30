package exchange

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Limits bound what one trace may bring, so that a log of any size is read in the memory of one trace.
type Limits struct {
	Events     int // events of one trace
	Value      int // bytes of one key or value
	Attributes int // attributes of one trace or event, nested ones too
	Depth      int // how deep attributes may be nested
}

// DefaultLimits fit every public log we know.
var DefaultLimits = Limits{Events: 10_000, Value: 4096, Attributes: 500, Depth: 20}

// An Attribute is one typed value of a trace or an event, with those nested in it.
type Attribute struct {
	Type  string // string, date, int, float, boolean, id, list, container
	Key   string
	Value string
	Line  int
	Inner []Attribute
}

// An XESEvent is what was done once: its attributes.
type XESEvent struct {
	Line       int
	Attributes []Attribute
}

// A Trace is the history of one case as the log tells it, in the order of the file.
type Trace struct {
	Number     int // 1 for the first of the log
	Line       int
	Attributes []Attribute
	Events     []XESEvent
}

// A Reader reads a log in the XML of IEEE 1849 one trace at a time. Extensions, globals, classifiers and the log's own
// attributes are passed over; a DTD is refused, and with it every entity but XML's own five.
type Reader struct {
	name   string
	limits Limits
	guard  *guard
	xml    *xml.Decoder
	line   int // where the last token began
	traces int
	inLog  bool
	done   bool
}

// NewReader reads plain or gzipped XES from r; name stands in its errors.
func NewReader(r io.Reader, name string, limits Limits) (*Reader, error) {
	in, err := openInput(r)
	if err != nil {
		return nil, &FormatError{Name: name, Line: 1, Msg: err.Error()}
	}
	g := &guard{r: in}
	d := xml.NewDecoder(g)
	d.CharsetReader = charset
	return &Reader{name: name, limits: limits, guard: g, xml: d, line: 1}, nil
}

func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "iso-8859-1", "latin1", "us-ascii", "ascii":
		return &latin1{r: in}, nil
	}
	return nil, fmt.Errorf("encoding %q is not supported: save the log as UTF-8", label)
}

// Next returns the next trace, or io.EOF after the log's proper end.
func (r *Reader) Next() (*Trace, error) {
	if r.done {
		return nil, io.EOF
	}
	for {
		tok, err := r.token()
		if errors.Is(err, io.EOF) {
			return nil, r.fail(nil, "no <log> element: this is not an XES log")
		}
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if !r.inLog {
				if t.Name.Local != "log" {
					return nil, r.fail(nil, fmt.Sprintf("the document is a <%s>, not an XES <log>", t.Name.Local))
				}
				r.inLog = true
				continue
			}
			switch t.Name.Local {
			case "trace":
				return r.trace()
			case "event":
				return nil, r.fail(nil, "an <event> outside every <trace>: to which case it belongs is unknown")
			default:
				if err := r.pass(); err != nil {
					return nil, err
				}
			}
		case xml.EndElement:
			r.done = true
			return nil, r.afterLog()
		}
	}
}

// afterLog returns io.EOF when nothing but white space and comments follow the log.
func (r *Reader) afterLog() error {
	for {
		tok, err := r.token()
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			return r.fail(nil, fmt.Sprintf("<%s> after the end of the log", t.Name.Local))
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return r.fail(nil, "text after the end of the log")
			}
		}
	}
}

func (r *Reader) trace() (*Trace, error) {
	r.traces++
	t := &Trace{Number: r.traces, Line: r.line}
	room := r.limits.Attributes
	for {
		tok, err := r.within(t)
		if err != nil {
			return nil, err
		}
		switch x := tok.(type) {
		case xml.EndElement:
			return t, nil
		case xml.StartElement:
			if x.Name.Local != "event" {
				a, err := r.attribute(t, x, 1, &room)
				if err != nil {
					return nil, err
				}
				t.Attributes = append(t.Attributes, a)
				continue
			}
			if len(t.Events) == r.limits.Events {
				return nil, r.fail(t, fmt.Sprintf("more than %d events in one trace", r.limits.Events))
			}
			e, err := r.event(t)
			if err != nil {
				return nil, err
			}
			t.Events = append(t.Events, e)
		}
	}
}

func (r *Reader) event(t *Trace) (XESEvent, error) {
	e := XESEvent{Line: r.line}
	room := r.limits.Attributes
	for {
		tok, err := r.within(t)
		if err != nil {
			return e, err
		}
		switch x := tok.(type) {
		case xml.EndElement:
			return e, nil
		case xml.StartElement:
			a, err := r.attribute(t, x, 1, &room)
			if err != nil {
				return e, err
			}
			e.Attributes = append(e.Attributes, a)
		}
	}
}

// attribute reads one typed attribute whose start tag is at hand, up to its end. The <values> of a list adds no level.
func (r *Reader) attribute(t *Trace, start xml.StartElement, depth int, room *int) (Attribute, error) {
	a := Attribute{Type: start.Name.Local, Line: r.line}
	if !attributeTypes[a.Type] {
		return a, r.fail(t, fmt.Sprintf("<%s> is no attribute of XES (string, date, int, float, boolean, id, list, container)", a.Type))
	}
	if *room--; *room < 0 {
		return a, r.fail(t, fmt.Sprintf("more than %d attributes in one element", r.limits.Attributes))
	}
	if depth > r.limits.Depth {
		return a, r.fail(t, fmt.Sprintf("attributes nested deeper than %d", r.limits.Depth))
	}
	if err := r.keyAndValue(t, &a, start); err != nil {
		return a, err
	}
	values := 0
	for {
		tok, err := r.within(t)
		if err != nil {
			return a, err
		}
		switch x := tok.(type) {
		case xml.EndElement:
			if values == 0 {
				return a, nil
			}
			values--
		case xml.StartElement:
			if x.Name.Local == "values" && values == 0 {
				values++
				continue
			}
			inner, err := r.attribute(t, x, depth+1, room)
			if err != nil {
				return a, err
			}
			a.Inner = append(a.Inner, inner)
		}
	}
}

var attributeTypes = map[string]bool{"string": true, "date": true, "int": true, "float": true, "boolean": true, "id": true,
	"list": true, "container": true}

func (r *Reader) keyAndValue(t *Trace, a *Attribute, start xml.StartElement) error {
	hasKey, hasValue := false, false
	for _, x := range start.Attr {
		if len(x.Value) > r.limits.Value {
			return r.fail(t, fmt.Sprintf("a %s of %d bytes; at most %d are read", x.Name.Local, len(x.Value), r.limits.Value))
		}
		switch {
		case x.Name.Space != "":
		case x.Name.Local == "key":
			a.Key, hasKey = x.Value, true
		case x.Name.Local == "value":
			a.Value, hasValue = x.Value, true
		}
	}
	if !hasKey || a.Key == "" {
		return r.fail(t, fmt.Sprintf("<%s> without a key", a.Type))
	}
	if !hasValue && a.Type != "list" && a.Type != "container" {
		return r.fail(t, fmt.Sprintf("<%s key=%q> without a value", a.Type, a.Key))
	}
	return nil
}

// pass reads to the end of the element at hand and keeps nothing.
func (r *Reader) pass() error {
	for depth := 1; depth > 0; {
		tok, err := r.within(nil)
		if err != nil {
			return err
		}
		switch tok.(type) {
		case xml.StartElement:
			if depth++; depth > 1000 {
				return r.fail(nil, "elements nested deeper than 1000")
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// within reads a token where the end of the input would be a cut.
func (r *Reader) within(t *Trace) (xml.Token, error) {
	tok, err := r.tokenIn(t)
	if errors.Is(err, io.EOF) {
		return nil, r.fail(t, "the log ends in the middle: it was cut short")
	}
	return tok, err
}

func (r *Reader) token() (xml.Token, error) { return r.tokenIn(nil) }

// tokenIn notes where the token begins: the input position before it is read is its line.
func (r *Reader) tokenIn(t *Trace) (xml.Token, error) {
	r.guard.rearm()
	r.line, _ = r.xml.InputPos()
	tok, err := r.xml.Token()
	if err == nil {
		if _, dtd := tok.(xml.Directive); dtd {
			return nil, r.fail(t, "a DTD (<!…>) is refused: XES needs none and entities could blow up the log")
		}
		return tok, nil
	}
	var syntax *xml.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	case errors.Is(err, errElementTooLong):
		return nil, r.fail(t, err.Error())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, r.fail(t, "the gzip file ends in the middle: it was cut short")
	case errors.As(err, &syntax):
		r.line = syntax.Line
		if syntax.Msg == "unexpected EOF" {
			return nil, r.fail(t, "the log ends in the middle: it was cut short")
		}
		return nil, r.fail(t, "broken XML: "+syntax.Msg)
	}
	return nil, &FormatError{Name: r.name, Line: r.line, Trace: number(t), Case: caseOf(t), Msg: "read log", Err: err}
}

func (r *Reader) fail(t *Trace, msg string) error {
	return &FormatError{Name: r.name, Line: r.line, Trace: number(t), Case: caseOf(t), Msg: msg}
}

func number(t *Trace) int {
	if t == nil {
		return 0
	}
	return t.Number
}

// caseOf is the trace's standard name, if it came already: good enough for an error.
func caseOf(t *Trace) string {
	if t == nil {
		return ""
	}
	a, _ := find(t.Attributes, "concept:name")
	return a.Value
}

func find(attributes []Attribute, key string) (Attribute, bool) {
	for _, a := range attributes {
		if a.Key == key {
			return a, true
		}
	}
	return Attribute{}, false
}
