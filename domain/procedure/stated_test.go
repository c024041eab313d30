package procedure_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

// asking is a version whose forms ask one thing of each sort.
var asking = procedure.Version{
	Facts:      []procedure.Condition{{Name: "large", NameVI: "quy mô lớn", NameEN: "large scale"}, {Name: "export", NameVI: "xuất khẩu", NameEN: "export"}},
	Components: []procedure.Component{{Code: "tp-1"}, {Code: "tp-2", When: "large"}},
	Forms: []procedure.Form{
		{Code: "other", Schema: json.RawMessage(`{"type": "object", "properties": {"count": {"type": "string"}}}`)},
		{Code: "application", Schema: json.RawMessage(`{"type": "object", "properties": {
			"agreed": {"type": "boolean", "title": "Đồng ý", "x-title-en": "Agreed"},
			"count": {"type": "integer", "title": "Số con", "x-title-en": "Heads", "minimum": 1, "maximum": 10},
			"area": {"type": "number", "title": "Diện tích", "x-title-en": "Area"},
			"kind": {"type": "string", "title": "Loại", "x-title-en": "Kind", "enum": ["a", "b"]},
			"since": {"type": "string", "title": "Từ ngày", "x-title-en": "Since", "format": "date"},
			"mark": {"type": "string", "title": "Số hiệu", "x-title-en": "Mark", "pattern": "^[A-Z]{2}$"},
			"subject": {"type": "string", "title": "Nội dung", "x-title-en": "Subject", "maxLength": 5},
			"phone": {"type": "string", "title": "Điện thoại", "x-title-en": "Telephone", "x-personal": true, "pattern": "^0[0-9]+$"},
			"born": {"type": "string", "title": "Ngày sinh", "x-title-en": "Born", "x-personal": true, "format": "date"}}}`)},
	},
}

func TestAFieldTakesItsSortOfValueAndSaysWhichInBothLanguages(t *testing.T) {
	for _, c := range []struct{ field, value, code, vi, en string }{
		{"application.agreed", "true", "", "", ""},
		{"application.agreed", "false", "", "", ""},
		{"application.agreed", "yes", "wrong_type", "“Đồng ý” nhận true hoặc false.", "“Agreed” takes true or false."},
		{"application.count", "1", "", "", ""},
		{"application.count", "10", "", "", ""},
		{"application.count", "0", "out_of_range", "“Số con” nhận số nguyên từ 1 đến 10.", "“Heads” takes a whole number from 1 up to 10."},
		{"application.count", "11", "out_of_range", "số nguyên từ 1 đến 10", "a whole number from 1 up to 10"},
		{"application.count", "1.5", "wrong_type", "số nguyên", "a whole number"},
		{"application.area", "-7.25", "", "", ""},
		{"application.area", "wide", "wrong_type", "“Diện tích” nhận số.", "“Area” takes a number."},
		{"application.area", "NaN", "wrong_type", "số", "a number"},
		{"application.area", "Inf", "wrong_type", "số", "a number"},
		{"application.kind", "b", "", "", ""},
		{"application.kind", "c", "out_of_range", "một trong: a, b", "one of: a, b"},
		{"application.since", "2026-11-26", "", "", ""},
		{"application.since", "yesterday", "wrong_type", "ngày, ví dụ 2026-11-26", "a date, such as 2026-11-26"},
		{"application.mark", "AB", "", "", ""},
		{"application.mark", "ab", "out_of_range", "mã theo mẫu ^[A-Z]{2}$", "a code of the pattern ^[A-Z]{2}$"},
		{"application.subject", "words", "not_stateable", "ghi trong “entries”", "give it in “entries”"},
		{"application.phone", "0912", "not_stateable", "“Điện thoại”", "“Telephone”"},
		{"application.none", "1", "unknown_field", "Nhận: application.agreed, application.area, application.count, application.kind, application.mark, application.since.", "They take: application.agreed"},
		{"none.count", "1", "unknown_field", "Nhận: application.agreed", "They take: application.agreed"},
	} {
		refused(t, c.field+"="+c.value, asking.CheckValue(c.field, c.value), c.code, "values."+c.field, c.vi, c.en)
	}
}

func refused(t *testing.T, name string, got *domain.Invalid, code, field, vi, en string) {
	t.Helper()
	switch {
	case code == "":
		if got != nil {
			t.Errorf("%s: %v", name, got)
		}
	case got == nil || got.Code != code || got.Field != field || !strings.Contains(got.VI, vi) || !strings.Contains(got.EN, en):
		t.Errorf("%s: %+v, want %s", name, got, code)
	}
}

func TestAnEntryIsHeldToItsFieldAndNeverRepeated(t *testing.T) {
	for _, c := range []struct {
		field, typed string
		look         bool
		code         string
		vi, en       string
	}{
		{"application.subject", "năm ệ", true, "", "", ""}, // five characters
		{"application.subject", "sáu ệệ", true, "out_of_range", "tối đa 5 ký tự", "at most 5 characters"},
		{"application.subject", "sáu ệệ", false, "", "", ""},
		{"application.phone", "0912", true, "", "", ""},
		{"application.phone", "a rather long word", true, "out_of_range", "mã theo mẫu", "a code of the pattern"},
		{"application.phone", "091234567890123", true, "", "", ""}, // no longest: as long as any
		{"application.born", "2000-01-01", true, "", "", ""},
		{"application.born", "long ago", true, "wrong_type", "ngày, ví dụ", "a date, such as"},
		{"application.count", "1", true, "not_personal", "ghi trong “values”", "give it in “values”"},
		{"application.none", "x", true, "unknown_field", "Nhận: other.count, application.born, application.phone, application.subject.", "They take: other.count, application.born, application.phone, application.subject."},
	} {
		got := asking.CheckEntry(c.field, c.typed, c.look)
		refused(t, c.field, got, c.code, "entries."+c.field, c.vi, c.en)
		if got != nil && (strings.Contains(got.VI+got.EN, c.typed) && len(c.typed) > 1) {
			t.Errorf("%s: the refusal repeats what was typed: %v", c.field, got)
		}
	}
}

func TestAFactIsOneOfTheConditions(t *testing.T) {
	refused(t, "known facts", asking.CheckFacts("facts", []string{"large", "export"}), "", "", "", "")
	refused(t, "an unknown fact", asking.CheckFacts("facts", []string{"large", "small"}), "unknown_fact", "facts", "không có điều kiện “small”. Nhận: large, export.", "no condition “small”. It takes: large, export.")
	refused(t, "where there is none", procedure.Version{}.CheckFacts("denied", []string{"small"}), "unknown_fact", "denied", "Nhận: không có gì.", "It takes: nothing.")
	for name, want := range map[string][2]string{"application.count": {"Số con", "Heads"}, "application.none": {"application.none", "application.none"}} {
		if vi, en := asking.FieldWords(name, "vi"), asking.FieldWords(name, "en"); vi != want[0] || en != want[1] {
			t.Errorf("%s: %q, %q", name, vi, en)
		}
	}
}

func TestAComponentIsBroughtAlwaysOrUnderItsFact(t *testing.T) {
	for fact, want := range map[string][]string{"": {"tp-1"}, "large": {"tp-1", "tp-2"}, "export": {"tp-1"}} {
		var got []string
		for _, c := range asking.ComponentsUnder(func(f string) bool { return f == fact }) {
			got = append(got, c.Code)
		}
		if !slices.Equal(got, want) {
			t.Errorf("under %q: %v, want %v", fact, got, want)
		}
	}
}

func TestALevelSaysWhatIsDoneOnline(t *testing.T) {
	for _, c := range []struct {
		scheme, value string
		files, ends   bool
		vi, en        string
	}{
		{"43/2011", "2", false, false, "mức độ 2 (NĐ 43/2011)", "level 2 (Decree 43/2011)"},
		{"43/2011", "3", true, false, "mức độ 3 (NĐ 43/2011)", "level 3 (Decree 43/2011)"},
		{"43/2011", "4", true, true, "mức độ 4 (NĐ 43/2011)", "level 4 (Decree 43/2011)"},
		{"42/2022", "mot-phan", true, true, "một phần (NĐ 42/2022)", "part (Decree 42/2022)"},
		{"224/2026", "toan-trinh", true, true, "toàn trình (NĐ 224/2026)", "whole (Decree 224/2026)"},
	} {
		l := procedure.ServiceLevel{Scheme: c.scheme, Value: c.value}
		if l.FilesOnline() != c.files || l.EndsOnline() != c.ends || l.Words("vi") != c.vi || l.Words("en") != c.en {
			t.Errorf("%s %s: files %t, ends %t, %q, %q", c.scheme, c.value, l.FilesOnline(), l.EndsOnline(), l.Words("vi"), l.Words("en"))
		}
	}
}

func TestTheTwoInstancesOfAComplaintComeWithTheProgram(t *testing.T) {
	for _, id := range []string{procedure.FirstComplaint, procedure.SecondComplaint} {
		v, known := procedure.ComplaintVersion(id)
		if _, file := procedure.ComplaintFile(id); !known || !file || v.ID != id || v.Number != 1 || len(v.Limits)+len(v.LimitCases) == 0 {
			t.Errorf("%s: %t, %+v", id, known, v.Decision)
		}
	}
	_, known := procedure.ComplaintVersion("complaint-third")
	if _, file := procedure.ComplaintFile("complaint-third"); known || file {
		t.Error("there is a third instance")
	}
}

func TestAReliefHoldsFromItsFirstDayToItsLast(t *testing.T) {
	first, last := calendar.On(2025, time.July, 1), calendar.On(2026, time.December, 31)
	relief := func(r procedure.Relief) procedure.Version {
		r.Percent, r.Basis = 50, "TT 1"
		return procedure.Version{Facts: asking.Facts, Fees: []procedure.Fee{{Code: "fee", Amount: 100, Reliefs: []procedure.Relief{r}}}}
	}
	both := relief(procedure.Relief{From: first, Until: last})
	for _, c := range []struct {
		name string
		v    procedure.Version
		day  calendar.Date
		pay  int
		says string
	}{
		{"before its first day", both, first - 1, 100, "giảm 50% từ 2025-07-01 đến 2026-12-31: bỏ qua, không áp dụng ngày 2025-06-30"},
		{"on its first day", both, first, 50, "giảm 50% từ 2025-07-01 đến 2026-12-31"},
		{"on its last day", both, last, 50, "giảm 50% từ 2025-07-01 đến 2026-12-31"},
		{"behind its last day", both, last + 1, 100, "giảm 50% từ 2025-07-01 đến 2026-12-31: bỏ qua, không áp dụng ngày 2027-01-01"},
		{"without a first day", relief(procedure.Relief{Until: last}), first - 1, 50, "giảm 50% đến 2026-12-31"},
		{"without a last day", relief(procedure.Relief{From: first}), last + 1, 50, "giảm 50% từ 2025-07-01"},
		{"under a fact that does not hold", relief(procedure.Relief{When: "large"}), first, 100, "giảm 50%: bỏ qua, không phải “quy mô lớn”"},
		{"under a fact that holds", relief(procedure.Relief{When: "export"}), first, 50, "giảm 50%: đúng là “xuất khẩu”"},
	} {
		n := c.v.FeeNotice(func(fact string) bool { return fact == "export" }, c.day)
		step := n.Lines[0].Steps[1]
		if n.Total != c.pay || step.VI != c.says || step.Taken != (c.pay == 50) {
			t.Errorf("%s: %d đồng, %+v", c.name, n.Total, step)
		}
	}
}

func TestWhatIsPayableIsTheSumOfTheFeesThatAreAskedFor(t *testing.T) {
	n := procedure.FeeNotice{Lines: []procedure.NoticeLine{{Code: "appraisal", Pay: 300}, {Code: "levy", Pay: 50}}}
	for _, c := range []struct {
		codes  []string
		amount int
		all    bool
	}{
		{nil, 0, true}, {[]string{"appraisal"}, 300, true}, {[]string{"levy"}, 50, true}, {[]string{"levy", "appraisal"}, 350, true}, {[]string{"stamp", "levy"}, 50, false},
	} {
		if amount, all := n.Payable(c.codes); amount != c.amount || all != c.all {
			t.Errorf("%v: %d, %t", c.codes, amount, all)
		}
	}
}

func TestAReliefOfATableHasEdges(t *testing.T) {
	base, _ := procedure.Lookup("vet-practice-cert-renew")
	first := calendar.On(2026, time.July, 1)
	for _, c := range []struct {
		name   string
		relief procedure.Relief
		want   []string
	}{
		{"one percent", procedure.Relief{Percent: 1, Basis: "x"}, nil},
		{"none", procedure.Relief{Percent: 0, Basis: "x"}, []string{"out_of_range fees[0].reliefs[0].percent"}},
		{"all", procedure.Relief{Percent: 100, Basis: "x"}, nil},
		{"more than all", procedure.Relief{Percent: 101, Basis: "x"}, []string{"out_of_range fees[0].reliefs[0].percent"}},
		{"one day", procedure.Relief{Percent: 5, From: first, Until: first, Basis: "x"}, nil},
		{"an end before its beginning", procedure.Relief{Percent: 5, From: first, Until: first - 1, Basis: "x"}, []string{"out_of_range fees[0].reliefs[0].until"}},
		{"a beginning without an end", procedure.Relief{Percent: 5, From: first, Basis: "x"}, nil},
		{"no document", procedure.Relief{Percent: 5}, []string{"missing fees[0].reliefs[0].basis"}},
	} {
		v := base
		v.Fees = []procedure.Fee{{Code: "f", NameVI: "x", NameEN: "x", Kind: procedure.Charge, Due: procedure.DueAtReception, Amount: 9, Reliefs: []procedure.Relief{c.relief}}}
		var got []string
		for _, f := range procedure.Check(v, nil) {
			got = append(got, f.Code+" "+f.Path)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
