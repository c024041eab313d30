package exchange

import (
	"fmt"
	"strings"
	"time"
)

// withOffset and withoutOffset are the forms of xs:dateTime, and the one with +0200 that some tools write.
var (
	withOffset    = []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700"}
	withoutOffset = "2006-01-02T15:04:05.999999999"
)

// time reads when an act was true. A time must be there: without it nobody knows its place.
func (p *planner) time(made *plan, attributes []Attribute, key string, line int) (time.Time, error) {
	a, err := p.only(made, attributes, key)
	if err != nil {
		return time.Time{}, err
	}
	if strings.TrimSpace(a.Value) == "" {
		if a.Line > 0 {
			line = a.Line
		}
		return time.Time{}, p.fail(made, line, key, "the timestamp is missing")
	}
	t, err := p.parse(made, a)
	if err == nil && t.After(p.now().Add(5*time.Second)) {
		err = p.fail(made, a.Line, a.Key, fmt.Sprintf("%q has not come yet: history lies in the past", a.Value))
	}
	return t, err
}

// parse reads a time to the microsecond, as the journal keeps it.
func (p *planner) parse(made *plan, a Attribute) (time.Time, error) {
	text := strings.TrimSpace(a.Value)
	for _, form := range withOffset {
		if t, err := time.Parse(form, text); err == nil {
			return p.settle(made, a, t)
		}
	}
	zone := p.Zone
	if zone == nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(withoutOffset, text, zone)
	switch {
	case err != nil:
		return t, p.fail(made, a.Line, a.Key, fmt.Sprintf("%q is no timestamp: write it like 2011-10-11T13:42:22.688+02:00", a.Value))
	case p.Zone == nil:
		return t, p.fail(made, a.Line, a.Key, fmt.Sprintf("%q has no offset: say zone in the mapping", a.Value))
	}
	return p.settle(made, a, t)
}

func (p *planner) settle(made *plan, a Attribute, t time.Time) (time.Time, error) {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 1 || t.Year() > 9999 {
		return t, p.fail(made, a.Line, a.Key, fmt.Sprintf("%q is outside the years 1 to 9999", a.Value))
	}
	return t, nil
}
