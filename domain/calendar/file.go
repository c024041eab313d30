package calendar

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/document"
)

// file is a calendar as people write it.
type file struct {
	Code  string      `json:"code"`
	Zone  string      `json:"zone"`
	Note  string      `json:"note,omitempty"` // for readers of the file
	Hours []hoursFile `json:"hours"`
	Years []yearFile  `json:"years"`
}

type hoursFile struct {
	Agency string                 `json:"agency,omitempty"`
	From   Date                   `json:"from"`
	Basis  string                 `json:"basis"`
	Week   map[weekday][]timeSpan `json:"week"`
}

type yearFile struct {
	Year   int    `json:"year"`
	Status Status `json:"status"`
	Basis  string `json:"basis"`
	Days   []Day  `json:"days"`
}

// weekday is mon, tue, … in files.
type weekday time.Weekday

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText reads mon, tue, ….
func (w *weekday) UnmarshalText(b []byte) error {
	i := slices.Index(weekdays, string(b))
	if i < 0 {
		return fmt.Errorf("%q is none of %s", b, strings.Join(weekdays, ", "))
	}
	*w = weekday(i)
	return nil
}

// timeSpan is 07:00-11:30 in files.
type timeSpan Span

// UnmarshalText reads 07:00-11:30.
func (s *timeSpan) UnmarshalText(b []byte) (err error) {
	from, to, _ := strings.Cut(string(b), "-")
	if s.From, err = ParseClock(from); err == nil {
		s.To, err = ParseClock(to)
	}
	if err != nil {
		return fmt.Errorf("%q is no span such as 07:00-11:30", b)
	}
	return nil
}

// Read reads a file and returns the commands that bring a calendar to what it says. It applies them to a copy of c as it goes, so
// that every mistake is told with its line and path; with mistakes there are no commands.
func Read(c Calendar, data []byte) ([]Command, []document.Mistake) {
	var f file
	doc, mistakes := document.Read(data, &f)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	var commands []Command
	try := func(path string, wish Command) {
		events, err := Decide(c, wish)
		if err != nil {
			mistakes = append(mistakes, mistake(doc, path, err))
			return
		}
		if len(events) > 0 {
			commands = append(commands, wish)
		}
		for _, e := range events {
			c = Evolve(c, Fact{c.Version + 1, e})
		}
	}
	try("", Open{f.Code, f.Zone})
	for i, h := range f.Hours {
		try(fmt.Sprintf("hours[%d]", i), SetHours{h.Agency, h.From, h.week(), h.Basis})
	}
	for i, y := range f.Years {
		try(fmt.Sprintf("years[%d]", i), PublishYear{y.Year, y.Status, y.Basis, y.Days})
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return commands, nil
}

func (h hoursFile) week() (w Week) {
	for day, spans := range h.Week {
		for _, s := range spans {
			w[day] = append(w[day], Span(s))
		}
	}
	return w
}

// mistake puts what Decide says of a part of the file in its place.
func mistake(doc document.Document, path string, err error) document.Mistake {
	m := document.Mistake{Path: path, VI: err.Error(), EN: err.Error()}
	field := ""
	if bad := (*domain.Invalid)(nil); errors.As(err, &bad) {
		field, m.VI, m.EN = bad.Field, bad.VI, bad.EN
	}
	if refusal := (*domain.Refusal)(nil); errors.As(err, &refusal) {
		field, m.VI, m.EN = refusal.Field, refusal.VI, refusal.EN
	}
	if path != "" && field != "" {
		m.Path = path + "." + field
	} else if field != "" {
		m.Path = field
	}
	m.Line = doc.Line(m.Path)
	return m
}

// CodeOf is the code of the calendar that a file is about, "" when it does not say.
func CodeOf(data []byte) string {
	var f struct{ Code string }
	_ = json.Unmarshal(data, &f) // what is wrong with the file, Read tells
	return f.Code
}

//go:embed shipped/*.json
var shipped embed.FS

// Shipped returns the files of the calendars that come with the program, by code.
func Shipped() map[string][]byte {
	files := map[string][]byte{}
	entries, err := shipped.ReadDir("shipped")
	for _, e := range entries {
		var data []byte
		if data, err = shipped.ReadFile("shipped/" + e.Name()); err == nil {
			files[strings.TrimSuffix(e.Name(), ".json")] = data
		}
	}
	if err != nil {
		panic(fmt.Sprintf("read the embedded calendars: %v", err)) // a broken file is a broken program
	}
	return files
}
