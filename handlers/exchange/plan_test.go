package exchange

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"dossier/domain/dossier"

	"github.com/google/go-cmp/cmp"
)

func check(t *testing.T, text string) Summary {
	t.Helper()
	s, err := CheckXES(t.Context(), strings.NewReader(text), "test.xes", shippedMapping(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEverythingOfALogIsAccountedFor(t *testing.T) {
	t.Parallel()
	s := check(t, testLog{Traces: 60}.String())
	if !s.Holds() || s.Dossiers != 60 || s.Sources() != s.Rehearsed {
		t.Errorf("sum does not hold: %+v", s)
	}
	if s.Commands["submit"] != 60 || s.Commands["record-deadline"] != 60 || s.Commands["accept"] == 0 || s.Commands["request-opinion"] == 0 ||
		s.Commands["record-opinion"] == 0 || s.Commands["record-outcome"] == 0 || s.Steps == 0 {
		t.Errorf("commands: %+v", s)
	}
	for _, reason := range []string{"after_end", "before_last_change", "wrong_state"} {
		if s.Irregular[reason] == 0 {
			t.Errorf("no step is irregular for %s: %v", reason, s.Irregular)
		}
	}
	want := []Dropped{{"trace", "enddate_planned", 60}, {"trace", "group", 20},
		{"event", "concept:instance", s.SourceEvents}, {"event", "lifecycle:transition", s.SourceEvents}}
	if diff := cmp.Diff(want, s.Dropped); diff != "" {
		t.Error(diff)
	}
	var printed bytes.Buffer
	if err := s.Write(&printed); err != nil || !strings.HasSuffix(printed.String(), ": holds\n") {
		t.Errorf("%v\n%s", err, printed.String())
	}
}

func TestTheOrderOfAttributesInTheFileMeansNothing(t *testing.T) {
	t.Parallel()
	plans := func(shuffle uint64) (all []string) {
		p := newPlanner(shippedMapping(t), "test.xes", time.Now)
		traces, err := readAll(testLog{Traces: 60, Shuffle: shuffle}.String(), DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		for _, trace := range traces {
			made, err := p.plan(trace)
			if err != nil {
				t.Fatal(err)
			}
			body, err := partBody(made, 0, made.Acts)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(body))
		}
		return all
	}
	straight := plans(0)
	for seed := range uint64(2) {
		if diff := cmp.Diff(straight, plans(seed+1)); diff != "" {
			t.Error(diff)
		}
	}
}

func story(attributes, events string) string {
	return "<log>\n<trace>\n<string key=\"concept:name\" value=\"c1\"/>\n" + attributes + "\n" + events + "\n</trace>\n</log>"
}

const whole = `<string key="department" value="D"/><string key="channel" value="Desk"/><date key="startdate" value="2013-01-03T09:00:00Z"/><date key="deadline" value="2013-02-03T09:00:00Z"/>`

func event(activity, at string) string {
	return `<event><string key="concept:name" value="` + activity + `"/><date key="time:timestamp" value="` + at + `"/></event>` + "\n"
}

func TestATraceThatCannotBeReadNamesItsCaseAndLine(t *testing.T) {
	t.Parallel()
	ok := event("T02", "2013-01-04T09:00:00Z")
	for name, c := range map[string]struct{ text, want string }{
		"no timestamp":       {story(whole, `<event><string key="concept:name" value="T02"/></event>`), `test.xes:5: trace 1 (case "c1"): attribute "time:timestamp": the timestamp is missing`},
		"empty timestamp":    {story(whole, event("T02", "")), `attribute "time:timestamp": the timestamp is missing`},
		"bad timestamp":      {story(whole, ok+event("T02", "yesterday")), `test.xes:6: trace 1 (case "c1"): attribute "time:timestamp": "yesterday" is no timestamp`},
		"no such day":        {story(whole, event("T02", "2013-02-30T09:00:00Z")), `is no timestamp`},
		"no offset":          {story(whole, event("T02", "2013-02-03T09:00:00")), `has no offset: say zone in the mapping`},
		"no activity":        {story(whole, `<event><date key="time:timestamp" value="2013-01-04T09:00:00Z"/></event>`), `attribute "concept:name": an event has no activity`},
		"no start":           {story(strings.Replace(whole, "startdate", "begin", 1), ok), `the timestamp is missing`},
		"no start at all":    {story(`<string key="channel" value="Desk"/>`, ok), `nothing in the trace begins the dossier: attribute "startdate" is missing`},
		"unknown value":      {story(strings.Replace(whole, "Desk", "Fax", 1), ok), `test.xes:4: trace 1 (case "c1"): attribute "channel": value "Fax" is not in the mapping (receipt.yaml:`},
		"missing field":      {story(strings.Replace(whole, "channel", "way", 1), ok), `submit (mapping line `},
		"attribute twice":    {story(whole+"\n"+`<string key="channel" value="Post"/>`, ok), `test.xes:5: trace 1 (case "c1"): attribute "channel": stands twice, first at line 4`},
		"no case":            {"<log>\n<trace>" + whole + "</trace></log>", `test.xes:2: trace 1: attribute "concept:name": the trace has no case`},
		"identity number":    {strings.Replace(story(whole, ok), "c1", "012345678901", 1), `the case could be a telephone or identity number: give case a prefix`},
		"colliding values":   {story(whole, ok+strings.Replace(event("t02", "2013-01-04T09:00:00Z"), "t02", "T 02", 1)+event("t-02", "2013-01-04T09:00:00Z")), `"T 02" and "t-02" would both be written ext:t-02: give one of them a code of its own under codes`},
		"a time to come":     {story(whole, event("T02", "2931-01-01T00:00:00Z")), `"2931-01-01T00:00:00Z" has not come yet`},
		"time out of bounds": {story(whole, event("T02", "0000-01-01T00:00:00Z")), `is outside the years 1 to 9999`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := CheckXES(t.Context(), strings.NewReader(c.text), "test.xes", shippedMapping(t), Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestTimesWithoutOffsetFollowTheMappingsZone(t *testing.T) {
	t.Parallel()
	text := strings.Replace(shippedText(t), "source: receipt", "zone: Europe/Amsterdam\nsource: receipt", 1)
	m, err := ParseMapping("m.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	traces, err := readAll(story(whole, event("T02", "2013-07-04T09:00:00.1234567")), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	made, err := newPlanner(m, "test.xes", time.Now).plan(traces[0])
	if err != nil {
		t.Fatal(err)
	}
	if got := stamp(made.Acts[2].At); got != "2013-07-04T07:00:00.123Z" || made.Acts[2].At.Nanosecond() != 123_456_000 {
		t.Errorf("got %s", got)
	}
}

func TestTheStartIsFirstAndTheEndIsLastOfItsMoment(t *testing.T) {
	t.Parallel()
	text := story(whole+`<date key="enddate" value="2013-01-05T09:00:00Z"/>`,
		event("T10 late", "2013-01-06T09:00:00Z")+
			event("Confirmation of receipt", "2013-01-04T09:00:00Z")+
			event("T02 tie a", "2013-01-05T09:00:00Z")+event("T03 tie b", "2013-01-05T09:00:00Z")+
			event("T01 before", "2013-01-01T09:00:00Z"))
	traces, err := readAll(text, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	m := shippedMapping(t)
	made, err := newPlanner(m, "test.xes", time.Now).plan(traces[0])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range made.Acts {
		got = append(got, a.Name+" "+string(a.Step.Code))
	}
	want := []string{"submit ext:startdate", "record-step ext:t01", "record-deadline ext:deadline", "accept ext:confirmation-of-receipt",
		"record-step ext:t02", "record-step ext:t03", "record-outcome ext:enddate", "record-step ext:t10"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	d := decider{m: m, actor: Importing, now: made.Acts[0].At.AddDate(1, 0, 0)}
	decided, tally, err := d.decide(dossier.State{}, made, made.Acts)
	if err != nil || tally.irregular["after_end"] != 1 || tally.steps != 3 {
		t.Fatalf("%v %+v", err, tally)
	}
	last := decided[len(decided)-1].Event.(dossier.StepRecorded)
	if last.Irregular != "after_end" || last.Source() != (dossier.Source{Activity: "ext:t10-late", Case: "ext:c1"}) {
		t.Errorf("%+v", last)
	}
}
