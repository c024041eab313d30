package dossier

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAnAmountIsSaidWithItsThousands(t *testing.T) {
	for n, want := range map[int][2]string{
		0: {"0 đồng", "0 dong"}, 999: {"999 đồng", "999 dong"}, 1000: {"1.000 đồng", "1,000 dong"}, 100_000: {"100.000 đồng", "100,000 dong"}, 1_200_000: {"1.200.000 đồng", "1,200,000 dong"},
	} {
		if vi, en := dong(n, "vi"), dong(n, "en"); vi != want[0] || en != want[1] {
			t.Errorf("%d: %q %q, want %q", n, vi, en, want)
		}
	}
}

func TestAListSaysWhenItIsEmpty(t *testing.T) {
	for _, c := range []struct {
		words  []string
		vi, en string
	}{{nil, "không có", "none"}, {[]string{"a"}, "a", "a"}, {[]string{"a", "b"}, "a; b", "a; b"}} {
		if vi, en := list(c.words, "vi"), list(c.words, "en"); vi != c.vi || en != c.en {
			t.Errorf("%q: %q %q", c.words, vi, en)
		}
	}
}

func TestWhatIsRepeatedInAnAnswerIsKeptShort(t *testing.T) {
	for n, want := range map[int]string{39: strings.Repeat("ệ", 39), 40: strings.Repeat("ệ", 40), 41: strings.Repeat("ệ", 40) + "…"} {
		if got := clip(strings.Repeat("ệ", n)); got != want {
			t.Errorf("of %d characters %q is left", n, got)
		}
	}
}

func TestWhatMayComeNextIsWhatTheTableSaysOfTheState(t *testing.T) {
	next := nextActs(State{Status: Submitted})
	for command, want := range map[string]bool{"accept": true, "refuse-reception": true, "sign": false, "issue": false, "record-outcome": false, "submit": false} {
		if slices.Contains(next, command) != want {
			t.Errorf("%s follows a submission: %v, want %v", command, !want, want)
		}
	}
	if from := startsFrom("SignResult"); !slices.Equal(from, []Status{Approved}) {
		t.Errorf("a result is signed in %q", from)
	}
}

func TestEachArrowIsDrawnOnce(t *testing.T) {
	seen := map[[2]string]bool{}
	for _, e := range edges() {
		if seen[[2]string{e.from, e.to}] {
			t.Errorf("%s to %s is drawn twice", e.from, e.to)
		}
		seen[[2]string{e.from, e.to}] = true
	}
}

func TestWithoutALimitNothingIsDue(t *testing.T) {
	var s State
	if s.due(Term{}); s.DueSource != "" || !s.Due.IsZero() {
		t.Errorf("due %s by %q", s.Due, s.DueSource)
	}
}

func TestALetterMakesACodeOfDigits(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "z": true, "0": true, "9": true, "a-b_c:d.e": true, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false, "": false,
		"12345678": true, "123456789": false, "123456789a": true, "123456789z": true, "a123456789": true,
		".a": false, "_a": false, ":a": false, "-a": false, "a/b": false, "A": false, "a b": false, "`": false, "{": false, "/": false, ":": false,
	} {
		if Code(s).Valid() != want {
			t.Errorf("%q as a code: %v", s, !want)
		}
	}
	for s, want := range map[string]bool{"A1": true, "Z1": true, "@1": false, "[1": false, "a/b": true, "/a": false, "A/": true} {
		if External(s).Valid() != want {
			t.Errorf("%q as a number of another system: %v", s, !want)
		}
	}
}

// What a projection writes for every event is written without the price of reflection, and as encoding/json writes it.
func TestTimesAndTextsAreWrittenShortAndAsEncodingJSONWritesThem(t *testing.T) {
	room := make([]byte, 0, 256)
	for _, v := range []struct {
		at    time.Time
		short bool
	}{
		{time.Date(2026, 11, 23, 7, 32, 0, 1000, time.UTC), true}, {time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), true}, {time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), true},
		{time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), false}, {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), false},
		{time.Date(2026, 11, 23, 14, 32, 0, 0, hanoi), false}, {time.Date(2026, 11, 23, 14, 32, 0, 0, time.FixedZone("", 30)), false},
	} {
		want, wrong := json.Marshal(v.at)
		got, err := appendTime(room, v.at)
		if (err == nil) != (wrong == nil) || err == nil && string(got) != string(want) {
			t.Errorf("%v: %s, %v; encoding/json writes %s, %v", v.at, got, err, want, wrong)
		}
		if short := testing.AllocsPerRun(20, func() { _, _ = appendTime(room, v.at) }) == 0; short != v.short {
			t.Errorf("%v takes the short way: %v", v.at, short)
		}
	}
	for s, isShort := range map[string]bool{"nv 01~": true, "": true, "a\x1f": false, "a\x7f": false, "é": false, `"`: false, `\`: false, "<": false, ">": false, "&": false} {
		want, _ := json.Marshal(s)
		if got, err := appendText(room, s); err != nil || string(got) != string(want) {
			t.Errorf("%q: %s, %v; encoding/json writes %s", s, got, err, want)
		}
		if short := testing.AllocsPerRun(20, func() { _, _ = appendText(room, s) }) == 0; short != isShort {
			t.Errorf("%q takes the short way: %v", s, short)
		}
	}
}

func TestWhatEncodeWritesIsSeenToBeJSONAtAGlance(t *testing.T) {
	for text, rest := range map[string]string{
		`{}`: "", `[]`: "", `{}x`: "x", `[]]`: "]", `""`: "", `"nv 01~"`: "", `"a"b`: "b", "0": "", "12": "", "90,": ",", "true": "", "false": "", "null": "",
		`[1]`: "", `[1,20,"a"]`: "", `[[],{}]`: "", `{"a":1}`: "", `{"a":"b","c":[1,20],"d":{"e":true},"f":false,"g":null,"h":0}`: "", `{"a":1}}`: "}",
	} {
		if got, is := simple([]byte(text)); !is || string(got) != rest {
			t.Errorf("%s: %v, %q is left, want %q", text, is, got, rest)
		}
	}
	for _, text := range []string{
		"", "{", "[", `"`, `"a`, `"a\"b"`, "\"\x1f\"", "\"\x7f\"", "\"é\"", "-1", "x", "tru", " {}", `{"a"`, `{"a"}`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a";1}`, `{a:1}`, `{"a" :1}`, `{"a": 1}`,
		`{1:1}`, `{"a":1]`, `{"a":1;"b":2}`, `[1}`, `[1`, `[1,`, `[1,]`, `[,1]`, `[1;2]`, `[x]`, `{"a":x}`, `{"a":1,x}`,
	} {
		if rest, is := simple([]byte(text)); is {
			t.Errorf("%q is taken for JSON, %q is left", text, rest)
		}
	}
	for text, want := range map[string]bool{`{}`: true, ` { "a" : 1 } `: true, `[]`: false, "0": false, `{}{}`: false, `{"a":01}`: false, `{"a":"b"}x`: false, "": false, " ": false} {
		if bad := wellFormed([]byte(text)); (bad == nil) != want {
			t.Errorf("%q: %v", text, bad)
		}
	}
}

func TestAStepIsDoneWhenItsOwnWorkHasEndedWell(t *testing.T) {
	for _, c := range []struct {
		work Work
		want bool
	}{
		{Work{Step: "a", Kind: Inspection, Finding: Passed, FinishedAt: time.Unix(1, 0)}, true},
		{Work{Step: "b", Kind: Inspection, Finding: Passed, FinishedAt: time.Unix(1, 0)}, false},
		{Work{Step: "a", Kind: Inspection}, false},
		{Work{Step: "a", Kind: Inspection, Finding: Failed, FinishedAt: time.Unix(1, 0)}, false},
		{Work{Step: "a", Kind: Inspection, Finding: ToMend, FinishedAt: time.Unix(1, 0)}, false},
		{Work{Step: "a", Kind: Remediation, Finding: Passed, FinishedAt: time.Unix(1, 0)}, false},
	} {
		if got := (State{Works: []Work{c.work}}).stepDone("a"); got != c.want {
			t.Errorf("%+v: step a is done: %v", c.work, got)
		}
	}
}
