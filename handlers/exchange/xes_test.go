package exchange

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readAll(text string, limits Limits) ([]*Trace, error) {
	r, err := NewReader(strings.NewReader(text), "test.xes", limits)
	if err != nil {
		return nil, err
	}
	var all []*Trace
	for {
		t, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, t)
	}
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAllAttributeTypesAreReadNestedOnesToo(t *testing.T) {
	t.Parallel()
	text := `<?xml version="1.0"?>
<x:log xmlns:x="http://www.xes-standard.org/">
  <x:trace>
    <x:string key="concept:name" value="a &amp; b"/>
    <x:int key="n" value="3"><x:boolean key="sure" value="true"/></x:int>
    <x:list key="many"><x:values><x:id key="i" value="u-1"/><x:float key="f" value="1.5"/></x:values></x:list>
    <x:container key="box"><x:date key="d" value="2013-01-01T00:00:00Z"/></x:container>
    <x:event/>
  </x:trace>
</x:log>`
	traces, err := readAll(text, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	want := []*Trace{{Number: 1, Line: 3, Events: []XESEvent{{Line: 8}}, Attributes: []Attribute{
		{Type: "string", Key: "concept:name", Value: "a & b", Line: 4},
		{Type: "int", Key: "n", Value: "3", Line: 5, Inner: []Attribute{{Type: "boolean", Key: "sure", Value: "true", Line: 5}}},
		{Type: "list", Key: "many", Line: 6, Inner: []Attribute{
			{Type: "id", Key: "i", Value: "u-1", Line: 6}, {Type: "float", Key: "f", Value: "1.5", Line: 6},
		}},
		{Type: "container", Key: "box", Line: 7, Inner: []Attribute{{Type: "date", Key: "d", Value: "2013-01-01T00:00:00Z", Line: 7}}},
	}}}
	if diff := cmp.Diff(want, traces); diff != "" {
		t.Error(diff)
	}
}

func TestALogIsReadTheSamePlainPackedAndWithAMark(t *testing.T) {
	t.Parallel()
	text := testLog{Traces: 5}.String()
	plain, err := readAll(text, DefaultLimits)
	if err != nil || len(plain) != 5 {
		t.Fatalf("%d traces, %v", len(plain), err)
	}
	for name, other := range map[string]string{"gzip": string(gzipped(t, text)), "byte order mark": "\ufeff" + text} {
		got, err := readAll(other, DefaultLimits)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(plain, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	latin := strings.Replace(strings.Replace(text, "UTF-8", "ISO-8859-1", 1), "Customer contact", "Caf\xe9", 1)
	got, err := readAll(latin, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := find(got[3].Attributes, "department"); a.Value != "Café" {
		t.Errorf("department %q", a.Value)
	}
}

func TestABrokenLogSaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	log := func(inside string) string {
		return "<log>\n<trace>\n<string key=\"concept:name\" value=\"c1\"/>\n" + inside + "\n</trace>\n</log>"
	}
	packed := gzipped(t, testLog{Traces: 200}.String())
	for name, c := range map[string]struct{ text, want string }{
		"empty":                {"", `test.xes:1: the log is empty: no bytes to read`},
		"only blanks":          {"\n\n", `no <log> element`},
		"not a log":            {"<html></html>", `the document is a <html>, not an XES <log>`},
		"not XML":              {"concept:name,time\n1,2", `no <log> element: this is not an XES log`},
		"a zip":                {"PK\x03\x04rest", `this is a zip archive: unpack it`},
		"UTF-16":               {"\xff\xfe<\x00", `the log is UTF-16: save it as UTF-8`},
		"an unknown encoding":  {`<?xml version="1.0" encoding="EBCDIC"?><log/>`, `encoding "EBCDIC" is not supported`},
		"cut in the middle":    {"<log>\n<trace>\n<event>\n", `test.xes:4: trace 1: the log ends in the middle: it was cut short`},
		"cut inside a tag":     {"<log>\n<trace>\n<string key=\"a", `test.xes:3: trace 1: the log ends in the middle`},
		"cut gzip":             {string(packed[:len(packed)/2]), `the gzip file ends in the middle: it was cut short`},
		"gzip header only":     {"\x1f\x8b\x08", `the gzip file is damaged at its start`},
		"gzip with bad sum":    {string(packed[:len(packed)-8]) + "12345678", `gzip: invalid checksum`},
		"tags crossed":         {log("<event></trace>"), `test.xes:4: trace 1 (case "c1"): broken XML: element <event> closed by </trace>`},
		"bad character":        {log("<string key=\"a\" value=\"\x01\"/>"), `illegal character code`},
		"bad UTF-8":            {log("<string key=\"a\" value=\"\xff\"/>"), `invalid UTF-8`},
		"unknown entity":       {log(`<string key="a" value="&boom;"/>`), `broken XML: invalid character entity &boom;`},
		"a DTD":                {`<!DOCTYPE log [<!ENTITY a "aaaa">]><log/>`, `a DTD (<!…>) is refused`},
		"unknown element":      {log(`<text key="a" value="b"/>`), `test.xes:4: trace 1 (case "c1"): <text> is no attribute of XES`},
		"no key":               {log(`<string value="b"/>`), `<string> without a key`},
		"no value":             {log(`<string key="b"/>`), `<string key="b"> without a value`},
		"a long value":         {log(`<string key="b" value="` + strings.Repeat("x", 5000) + `"/>`), `a value of 5000 bytes; at most 4096 are read`},
		"a huge value":         {log(`<string key="b" value="` + strings.Repeat("x", 3<<20) + `"/>`), `one tag or text is longer than 1048576 bytes`},
		"a huge comment":       {log(`<!--` + strings.Repeat("x", 3<<20) + `-->`), `one tag or text is longer than 1048576 bytes`},
		"deep nesting":         {log(strings.Repeat(`<string key="b" value="c">`, 30)), `attributes nested deeper than 20`},
		"deep nesting outside": {"<log>" + strings.Repeat(`<string key="b" value="c">`, 3000), `elements nested deeper than 1000`},
		"many attributes":      {log(strings.Repeat(`<string key="b" value="c"/>`, 600)), `more than 500 attributes in one element`},
		"too many events":      {log(strings.Repeat("<event/>\n", 20)), `test.xes:14: trace 1 (case "c1"): more than 10 events in one trace`},
		"event without trace":  {"<log><event/></log>", `an <event> outside every <trace>`},
		"something after":      {"<log></log>\n<log></log>", `test.xes:2: <log> after the end of the log`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := DefaultLimits
			limits.Events = 10
			_, err := readAll(c.text, limits)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			var format *FormatError
			if !errors.As(err, &format) || format.Name != "test.xes" || format.Line < 1 {
				t.Errorf("%v names no file and line", err)
			}
		})
	}
}

func TestAFailingDiskIsNotABrokenLog(t *testing.T) {
	t.Parallel()
	gone := errors.New("disk gone")
	r, err := NewReader(io.MultiReader(strings.NewReader("<log><trace>"+strings.Repeat(" ", 100_000)), failing{gone}), "test.xes", DefaultLimits)
	if err == nil {
		_, err = r.Next()
	}
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func FuzzReadingALogEndsAndNamesALine(f *testing.F) {
	f.Add([]byte(story(whole, event("T02", "2013-01-04T09:00:00Z"))))
	f.Add([]byte(`<log><trace><list key="a"><values><int key="b" value="1"/></values></list><event/></trace></log>`))
	f.Add(gzipped(f, story(whole, "")))
	f.Add([]byte(`<!DOCTYPE a [<!ENTITY b "c">]><log>&b;</log>`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := CheckXES(t.Context(), bytes.NewReader(text), "fuzz.xes", shippedMapping(t), Options{InFlight: 2})
		if err != nil && !strings.HasPrefix(err.Error(), "fuzz.xes:") {
			t.Errorf("no line in: %v", err)
		}
	})
}

func Example_thousands() { fmt.Println(thousands(12774), thousands(609), thousands(1000000)) } // Output: 12,774 609 1,000,000
