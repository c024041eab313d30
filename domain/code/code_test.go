package code_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/code"
	"dossier/domain/dossier"
)

var day = calendar.On(2026, 10, 8)

func TestAPatternWritesAgencyDayAndNumber(t *testing.T) {
	for _, c := range []struct {
		pattern, agency string
		number          int64
		want            string
	}{
		{"{agency}-{yy}{mm}{dd}-{number:4}", "H15.50.05.13", 975, "H15.50.05.13-261008-0975"},
		{"{agency}-{yy}{mm}{dd}-{number:4}", "000.00.01.H22", 12345, "000.00.01.H22-261008-12345"},
		{"{number:6}/{yyyy}/HS-{mm}{dd}{agency}", "G10", 7, "000007/2026/HS-1008G10"},
		{"{agency}-{yy}{mm}{dd}-10{number:5}", "G10.02", 42, "G10.02-261008-1000042"},
		{"{agency}-{yy}{mm}{dd}-{number:9}", "09azAZ.a", 8, "09azAZ.a-261008-000000008"},
		{"TTHC{dd}.{mm}.{yyyy}:{agency}:{number}", "H15", 8, "TTHC08.10.2026:H15:8"},
	} {
		p, err := code.Parse(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		b, err := p.Blank(c.agency, day)
		if got := b.With(c.number); err != nil || got != c.want || !dossier.DossierCode(got).Valid() {
			t.Errorf("%s: %s, %v; want %s", c.pattern, got, err, c.want)
		}
	}
}

func TestABadPatternSaysWhatIsWrongAndWhereInBothLanguages(t *testing.T) {
	for _, c := range []struct {
		pattern string
		at      int
		vi, en  string
	}{
		{"", 1, "thiếu {agency}", "{agency} is missing"},
		{"{yy}{mm}{dd}-{number:4}", 24, "thiếu {agency}", "{agency} is missing"},
		{"{agency}-{mm}{dd}-{number:4}", 29, "thiếu {yyyy}", "{yyyy} is missing"},
		{"{agency}-{yy}{dd}-{number:4}", 29, "thiếu {mm}", "{mm} is missing"},
		{"{agency}-{yy}{mm}-{number:4}", 29, "thiếu {dd}", "{dd} is missing"},
		{"{agency}-{yy}{mm}{dd}", 22, "thiếu {number}", "{number} is missing"},
		{"{agency}-{yy}{mm}{dd}-{number:4", 23, "không có dấu }", "is not closed"},
		{"{agency}-{yy}{mm}{day}-{number:4}", 18, "không có trường {day}", "no field {day}"},
		{"{agency}-{yy}{mm}{dd}-{number:0}", 23, "từ 1 đến 9", "1 to 9"},
		{"{agency}-{yy}{mm}{dd}-{number:10}", 23, "từ 1 đến 9", "1 to 9"},
		{"{agency}-{yy}{mm}{dd}-{number:many}", 23, "từ 1 đến 9", "1 to 9"},
		{"{agency:3}-{yy}{mm}{dd}-{number}", 1, "chỉ {number}", "only {number}"},
		{"{agency}-{yy}{yyyy}{mm}{dd}-{number}", 14, "nói lại", "says again"},
		{"{agency}-{yy}{mm}{dd}-{number}-{agency}", 32, "nói lại", "says again"},
		{"{agency}{yy}{mm}{dd}{number:4}", 21, "phải có một trong các dấu", "must stand between"},
		{"A-{agency}{yy}{mm}{dd}{number:4}-A", 23, "phải có một trong các dấu", "must stand between"},
		{"{agency}.{yy}{mm}{dd}{number:4}", 22, "phải có một trong các dấu", "must stand between"},
		{"{agency}-{yy}{mm}{dd} {number:4}", 22, "chữ cái không dấu", "letters without accents"},
		{"Hồ{agency}-{yy}{mm}{dd}-{number:4}", 2, "chữ cái không dấu", "letters without accents"},
		{"-{agency}-{yy}{mm}{dd}-{number:4}", 1, "không bắt đầu bằng", "begins with none"},
	} {
		_, err := code.Parse(c.pattern)
		var bad *domain.Invalid
		if !errors.As(err, &bad) || bad.Code != "bad_pattern" ||
			!strings.Contains(bad.VI, fmt.Sprintf("ký tự %d: ", c.at)) || !strings.Contains(bad.EN, fmt.Sprintf("character %d: ", c.at)) ||
			!strings.Contains(bad.VI, c.vi) || !strings.Contains(bad.EN, c.en) {
			t.Errorf("%s: %v (%+v)", c.pattern, err, bad)
		}
	}
}

func TestTheShippedPatternsWriteWhatTheirSourceShows(t *testing.T) {
	for _, s := range code.ShippedPatterns() {
		p, err := code.Parse(s.Pattern)
		if err != nil || s.VI == "" || s.EN == "" {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		agency, rest, _ := strings.Cut(s.Example, "-")
		d, number, _ := strings.Cut(rest, "-")
		on, err := calendar.ParseDate("20" + d[:2] + "-" + d[2:4] + "-" + d[4:])
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		if s.Name == "agriculture-2026" {
			number = strings.TrimPrefix(number, "10")
		}
		if _, err := fmt.Sscanf(strings.TrimLeft(number, "0"), "%d", &n); err != nil {
			t.Fatal(err)
		}
		if b, err := p.Blank(agency, on); err != nil || b.With(n) != s.Example {
			t.Errorf("%s writes %s, %v; its source shows %s", s.Name, b.With(n), err, s.Example)
		}
	}
}

// TestLawTwoOrderNumbersNeverGiveOneCode tries every pattern on order numbers that are made of the same few digits, so that where one
// part ends and the next begins is all that tells them apart.
func TestLawTwoOrderNumbersNeverGiveOneCode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.Permutation([]string{"{agency}", rapid.SampledFrom([]string{"{yy}", "{yyyy}"}).Draw(t, "year"), "{mm}", "{dd}",
			rapid.SampledFrom([]string{"{number}", "{number:2}", "{number:4}"}).Draw(t, "number")}).Draw(t, "fields")
		text := rapid.SampledFrom([]string{"", "A", "1"}).Draw(t, "first")
		for _, f := range fields {
			text += f + rapid.SampledFrom([]string{"", "-", "/", ".", "1", "1-1"}).Draw(t, "between")
		}
		p, err := code.Parse(text)
		if err != nil {
			return // the refusals have their own table
		}
		if lacking := rapid.SampledFrom(fields).Draw(t, "lacking"); !refused(strings.ReplaceAll(text, lacking, "")) {
			t.Fatalf("%s passes without %s", text, lacking)
		}
		seen := map[string]string{}
		for _, agency := range []string{"1", "11", "111", "1.1", "A1", "1A", "1112"} {
			for _, day := range []calendar.Date{calendar.On(2011, 11, 11), calendar.On(2011, 11, 1), calendar.On(2011, 1, 11), calendar.On(2021, 11, 11)} {
				b, err := p.Blank(agency, day)
				if err != nil {
					t.Fatalf("%s of %s: %v", text, agency, err)
				}
				for _, number := range []int64{1, 2, 11, 111, 1111, 11111, 111111, 201111, 1111111} {
					made, of := b.With(number), fmt.Sprint(agency, " ", day, " ", number)
					if other, taken := seen[made]; taken || !dossier.DossierCode(made).Valid() {
						t.Fatalf("%s: %s is of %s and %s", text, made, of, other)
					}
					seen[made] = of
				}
			}
		}
	})
}

func refused(pattern string) bool {
	_, err := code.Parse(pattern)
	return err != nil
}

func TestRulesSayWhichUnitUsesWhichPattern(t *testing.T) {
	r, err := code.ParseRules("*=000.00.01.H22 circular-01-2018; one-stop=H15.50.05.13 {agency}-{yyyy}{mm}{dd}-{number:6} at-acceptance\n  post=H15 agriculture-2026;")
	if err != nil {
		t.Fatal(err)
	}
	for unit, want := range map[string]code.Rule{
		"":         {Agency: "000.00.01.H22"},
		"other":    {Agency: "000.00.01.H22"},
		"one-stop": {Agency: "H15.50.05.13", AtAcceptance: true},
		"post":     {Agency: "H15"},
	} {
		if got := r.Of(unit); got.Agency != want.Agency || got.AtAcceptance != want.AtAcceptance {
			t.Errorf("%q goes by %+v", unit, got)
		}
	}
	if got := r.Of("one-stop").Pattern.String(); got != "{agency}-{yyyy}{mm}{dd}-{number:6}" {
		t.Errorf("one-stop writes %s", got)
	}
	if got := (code.Rules{}).Of("any"); got.Agency != "000.00.00.H00" || got.Pattern.String() != code.ShippedPatterns()[0].Pattern {
		t.Errorf("without rules: %+v", got)
	}
}

func TestABadRuleIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"one-stop":                            "is no rule",
		"one-stop=H15":                        "is no rule",
		"one-stop=H15 circular-01-2018 later": "is no rule",
		"=H15 circular-01-2018":               "is no rule",
		"a=H15 circular-01-2018;a=H16 circular-01-2018": "Rule 2 of codes: the unit has a rule already",
		"a=Hà-Nội circular-01-2018":                     "is no identifier",
		"a=.H15 circular-01-2018":                       "is no identifier",
		"a=H15 circular":                                "is missing",
		"a=H15 {agency}{yy}{mm}{dd}{number}":            "must stand between",
		"a=H15 ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ-{agency}-{yy}{mm}{dd}-{number}": "more than 64",
	} {
		var bad *domain.Invalid
		if _, err := code.ParseRules(text); !errors.As(err, &bad) || !strings.Contains(bad.EN, want) || bad.VI == "" {
			t.Errorf("%s: %v", text, err)
		}
	}
	var bad *domain.Invalid
	if _, err := code.ParseRules("a=H15 circular-01-2018;a=H16 circular-01-2018"); !errors.As(err, &bad) || !strings.Contains(bad.VI, "thứ 2: ") {
		t.Errorf("the second rule of a unit: %+v", bad)
	}
}

func TestAnAgencyHasOneTo32LettersDigitsAndDots(t *testing.T) {
	for agency, ok := range map[string]bool{
		"": false, "H": true, strings.Repeat("9", 32): true, strings.Repeat("9", 33): false, ".H15": false, "H15.": true,
		"0/": false, "9:": false, "A@": false, "Z[": false, "a`": false, "z{": false, "H 15": false, "H-15": false,
	} {
		var bad *domain.Invalid
		switch err := code.CheckAgency(agency); {
		case ok && err != nil:
			t.Errorf("%q: %v", agency, err)
		case !ok && (!errors.As(err, &bad) || bad.Code != "bad_agency" || bad.VI == "" || bad.EN == ""):
			t.Errorf("%q passes as an agency: %v", agency, err)
		}
	}
}

// The longest number has 12 digits: what is before and after it has 52 characters at most.
func TestACodeHasRoomFor64Characters(t *testing.T) {
	for _, c := range []struct {
		before, after int
		ok            bool
	}{{26, 26, true}, {27, 26, false}, {26, 27, false}, {52, 0, true}, {53, 0, false}} {
		p, err := code.Parse(strings.Repeat("A", c.before-len("H15-261008-")) + "{agency}-{yy}{mm}{dd}-{number:4}" + strings.Repeat("B", c.after))
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.Blank("H15", day)
		if (err == nil) != c.ok {
			t.Errorf("%d before and %d after: %v", c.before, c.after, err)
		}
		if err == nil && len(b.With(999999999999)) > 64 {
			t.Errorf("%s is too long", b.With(999999999999))
		}
	}
}

func TestUnitsWithoutARuleGoByTheDefault(t *testing.T) {
	r, err := code.ParseRules("post=H15 agriculture-2026")
	if err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, rule := range r.List() {
		units = append(units, rule.Unit+"="+rule.Agency)
	}
	if got := strings.Join(units, " "); got != "post=H15 =000.00.00.H00" {
		t.Errorf("the rules are %s", got)
	}
	if r, err = code.ParseRules("*=H16 agriculture-2026"); err != nil || len(r.List()) != 1 || r.Of("post").Agency != "H16" {
		t.Errorf("one rule for all: %+v, %v", r.List(), err)
	}
}

func TestADayOfAnotherCenturyHasNoCode(t *testing.T) {
	p, err := code.Parse("{agency}-{yy}{mm}{dd}-{number:4}")
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[calendar.Date]string{
		calendar.On(1999, 12, 31): "", calendar.On(2000, 1, 1): "H15-000101-0007", calendar.On(2099, 12, 31): "H15-991231-0007", calendar.On(2100, 1, 1): "",
	} {
		if b, err := p.Blank("H15", d); (err != nil) != (want == "") || err == nil && b.With(7) != want {
			t.Errorf("%s: %s, %v; want %q", d, b.With(7), err, want)
		}
	}
}
