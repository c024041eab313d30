package exchange

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// activityNames are the 27 activities of the receipt log. The first six are the usual way of a case.
var activityNames = []string{
	"Confirmation of receipt",
	"T02 Check confirmation of receipt",
	"T04 Determine confirmation of receipt",
	"T05 Print and send confirmation of receipt",
	"T06 Determine necessity of stop advice",
	"T10 Determine necessity to stop indication",
	"T03 Adjust confirmation of receipt",
	"T07-1 Draft intern advice aspect 1",
	"T07-2 Draft intern advice aspect 2",
	"T07-3 Draft intern advice hold for aspect 3",
	"T07-4 Draft internal advice to hold for type 4",
	"T07-5 Draft intern advice aspect 5",
	"T08 Draft and send request for advice",
	"T09-1 Process or receive external advice from party 1",
	"T09-2 Process or receive external advice from party 2",
	"T09-3 Process or receive external advice from party 3",
	"T09-4 Process or receive external advice from party 4",
	"T11 Create document X request unlicensed",
	"T12 Check document X request unlicensed",
	"T13 Adjust document X request unlicensed",
	"T14 Determine document X request unlicensed",
	"T15 Print document X request unlicensed",
	"T16 Report reasons to hold request",
	"T17 Check report Y to stop indication",
	"T18 Adjust report Y to stop indicition",
	"T19 Determine report Y to stop indication",
	"T20 Print report Y to stop indication",
}

const (
	usual  = 6  // activities of every whole case
	asking = 12 // index of T08
)

var (
	channelNames    = []string{"Internet", "Internet", "Internet", "Internet", "Internet", "Internet", "Desk", "Post", "e-mail", "Intern"}
	departmentNames = []string{"General", "General", "General", "Customer contact", "Experts"}
)

// testLog invents a log of the shape of the receipt log: its activities, channels and attributes; cases, people and times of its own.
type testLog struct {
	Traces   int
	Shuffle  uint64 // when not 0: attributes in another order, those of the trace after its events
	Extra    int    // further steps in each trace
	Break    string // XML written in place of the last trace's end tag
	Only     int    // write the first so many traces and stop as if the file were cut, 0 all
	Truncate bool   // leave the end of the log away
}

type testTrace struct {
	attributes [][3]string // type, key, value
	events     [][][3]string
}

// Write writes the log; it needs the memory of one trace.
func (l testLog) Write(w io.Writer) error {
	b := bufio.NewWriterSize(w, 64<<10)
	fmt.Fprint(b, `<?xml version="1.0" encoding="UTF-8" ?>
<!-- invented for tests -->
<log xes.version="1.0" xes.features="nested-attributes" xmlns="http://www.xes-standard.org/">
	<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
	<global scope="trace">
		<string key="concept:name" value="UNKNOWN"/>
	</global>
	<classifier name="Activity" keys="concept:name lifecycle:transition"/>
	<float key="meta_time:duration_max" value="2.5">
		<float key="nested" value="1.5"/>
	</float>
`)
	n := l.Traces
	if l.Only > 0 {
		n = l.Only
	}
	for i := range n {
		l.trace(i).write(b, l.Shuffle, uint64(i))
	}
	if !l.Truncate {
		fmt.Fprint(b, l.Break, "</log>\n")
	}
	return b.Flush()
}

func (l testLog) String() string {
	var b strings.Builder
	_ = l.Write(&b)
	return b.String()
}

// trace invents case i. Every tenth or so has one of the troubles of the real log.
func (l testLog) trace(i int) testTrace {
	r := rand.New(rand.NewPCG(7, uint64(i)))
	start := time.Date(2013, 1, 3, 9, 0, 0, 0, time.FixedZone("", 3600)).AddDate(0, 0, i%700).Add(time.Duration(r.IntN(25_000)) * time.Second)
	responsible := fmt.Sprintf("Worker%02d", 1+r.IntN(20))
	names, at := l.names(i, r), start
	var t testTrace
	for k, name := range names {
		at = at.Add(time.Duration(60+r.IntN(90_000)) * time.Second)
		when := at
		if i%20 == 7 && k == 0 {
			when = start.Add(-26 * time.Hour) // before its start
		}
		resource := responsible
		switch {
		case r.IntN(3) == 0:
			resource = fmt.Sprintf("Worker%02d", 1+r.IntN(20))
		case i == 11:
			resource = "test"
		case i == 12:
			resource = "TEST"
		}
		t.events = append(t.events, [][3]string{
			{"string", "org:group", fmt.Sprintf("Team %d", 1+r.IntN(5))},
			{"string", "concept:instance", fmt.Sprintf("task-%d-%d", i, k)},
			{"string", "org:resource", resource},
			{"date", "time:timestamp", stamp(when)},
			{"string", "lifecycle:transition", "complete"},
			{"string", "concept:name", name},
		})
	}
	t.attributes = [][3]string{
		{"string", "concept:name", fmt.Sprintf("invented-%04d", i+1)},
		{"date", "startdate", stamp(start)},
		{"date", "deadline", stamp(start.AddDate(0, 0, 56))},
		{"date", "enddate_planned", stamp(start.AddDate(0, 0, 40))},
		{"string", "responsible", responsible},
		{"string", "department", departmentNames[i%len(departmentNames)]},
		{"string", "channel", channelNames[i%len(channelNames)]},
	}
	if i%3 == 0 {
		t.attributes = append(t.attributes, [3]string{"string", "group", "Team 2"})
	}
	switch {
	case i%12 == 5: // still open
	case i%15 == 4: // the end was written before the last acts were
		t.attributes = append(t.attributes, [3]string{"date", "enddate", stamp(start.Add(90 * time.Second))})
	case i == 33: // ended before it began
		t.attributes = append(t.attributes, [3]string{"date", "enddate", stamp(start.Add(-time.Hour))})
	default:
		t.attributes = append(t.attributes, [3]string{"date", "enddate", stamp(at.Add(time.Hour))})
	}
	return t
}

// names are the activities of case i: the usual way, or its beginning only, and in turn the rare ones.
func (l testLog) names(i int, r *rand.Rand) []string {
	names := append([]string(nil), activityNames[:usual]...)
	if i%11 == 10 {
		names = names[:1]
	}
	rare := activityNames[usual+i%(len(activityNames)-usual)]
	switch {
	case i%4 == 0 && strings.HasPrefix(rare, "T09"):
		names = append(names, rare) // an answer nobody asked for
	case i%4 == 2 || strings.HasPrefix(rare, "T09"):
		names = append(names, activityNames[asking], rare)
	case i%2 == 1:
		names = append(names, rare)
	}
	for range l.Extra {
		names = append(names, activityNames[1+r.IntN(usual-1)])
	}
	return names
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z07:00") }

func (t testTrace) write(w io.Writer, shuffle, i uint64) {
	fmt.Fprint(w, "\t<trace>\n")
	attributes := func() {
		for _, a := range shuffled(t.attributes, shuffle, i) {
			writeAttribute(w, "\t\t", a)
		}
	}
	if shuffle == 0 {
		attributes()
	}
	for _, e := range t.events {
		fmt.Fprint(w, "\t\t<event>\n")
		for _, a := range shuffled(e, shuffle, i) {
			writeAttribute(w, "\t\t\t", a)
		}
		fmt.Fprint(w, "\t\t</event>\n")
	}
	if shuffle != 0 {
		attributes()
	}
	fmt.Fprint(w, "\t</trace>\n")
}

func shuffled(list [][3]string, seed, i uint64) [][3]string {
	if seed == 0 {
		return list
	}
	list = append([][3]string(nil), list...)
	rand.New(rand.NewPCG(seed, i)).Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
	return list
}

func writeAttribute(w io.Writer, indent string, a [3]string) {
	fmt.Fprintf(w, "%s<%s key=\"", indent, a[0])
	_ = xml.EscapeText(w, []byte(a[1]))
	fmt.Fprint(w, `" value="`)
	_ = xml.EscapeText(w, []byte(a[2]))
	fmt.Fprint(w, "\"/>\n")
}
