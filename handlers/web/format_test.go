package web

import (
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers"
)

var vi, en = format{VI, handlers.Zone()}, format{EN, handlers.Zone()}

func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, handlers.Zone())
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func spaced(s string) string { return strings.ReplaceAll(s, nb, " ") }

func TestNumbersAreGroupedTheWayTheLanguageDoes(t *testing.T) {
	for n, want := range map[int64][2]string{
		0: {"0", "0"}, 999: {"999", "999"}, 1000: {"1.000", "1,000"}, 1204331: {"1.204.331", "1,204,331"}, -4500: {"−4.500", "−4,500"},
	} {
		if got := [2]string{vi.Num(n), en.Num(n)}; got != want {
			t.Errorf("%d: %v, want %v", n, got, want)
		}
	}
	if vi.Decimal(97.84) != "97,8" || en.Decimal(97.84) != "97.8" {
		t.Errorf("decimals: %s, %s", vi.Decimal(97.84), en.Decimal(97.84))
	}
}

func TestDatesAreWrittenInTheAgencysZone(t *testing.T) {
	moment := time.Date(2026, 11, 22, 20, 32, 7, 0, time.UTC) // the next day in Hà Nội
	for _, c := range []struct{ got, want string }{
		{vi.Date(moment), "23/11/2026"},
		{en.Date(moment), "23 Nov 2026"},
		{vi.Day(at("2026-11-26 08:00:00")), "thứ Năm 26/11/2026"},
		{vi.Day(at("2026-11-29 08:00:00")), "Chủ nhật 29/11/2026"},
		{en.Day(at("2026-11-26 08:00:00")), "Thursday 26 Nov 2026"},
		{vi.Moment(moment), "23/11/2026 03:32"},
		{vi.Exact(moment), "23/11/2026 03:32:07"},
		{vi.Seconds(moment), "03:32:07"},
		{vi.Moment(at("2026-11-23 00:00:00")), "23/11/2026"}, // no time known: the date only, never 00:00
		{vi.Date(time.Time{}), ""},
	} {
		if spaced(c.got) != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestNoDateOrCountBreaksOverALine(t *testing.T) {
	for _, text := range []string{vi.Day(at("2026-11-29 08:00:00")), en.Date(at("2026-11-29 08:00:00")), vi.Days(20), vi.Span(26 * time.Hour), vi.Moment(at("2026-11-29 08:00:00"))} {
		if strings.Contains(text, " ") {
			t.Errorf("%q can break", text)
		}
	}
}

func TestSpansAreWholeUnitsNeverFractions(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		40 * time.Second:                 {"40 giây", "40 seconds"},
		time.Minute:                      {"1 phút", "1 minute"},
		6*time.Hour + 35*time.Minute:     {"6 giờ 35 phút", "6 hours 35 minutes"},
		2 * time.Hour:                    {"2 giờ", "2 hours"},
		43*time.Hour + 12*time.Minute:    {"1 ngày 19 giờ", "1 day 19 hours"},
		10*24*time.Hour + 59*time.Minute: {"10 ngày", "10 days"},
	} {
		if got := [2]string{spaced(vi.Span(d)), spaced(en.Span(d))}; got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestAMomentIsReadAsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]handlers.Moment{
		"19/11/2026 08:00":          {Time: at("2026-11-19 08:00:00")},
		"2026-11-19T08:00":          {Time: at("2026-11-19 08:00:00")},
		"2026-11-19T08:00:05":       {Time: at("2026-11-19 08:00:05")},
		"2026-11-19T01:00:00Z":      {Time: at("2026-11-19 08:00:00")},
		"2026-11-19T08:00:00+07:00": {Time: at("2026-11-19 08:00:00")},
		"19/11/2026":                {Time: at("2026-11-20 00:00:00").Add(-time.Microsecond)},
		"2026-11-19":                {Time: at("2026-11-20 00:00:00").Add(-time.Microsecond)},
		"@1204331":                  {Position: 1204331},
	} {
		got, err := parseMoment(text, handlers.Zone())
		if err != nil || !got.Time.Equal(want.Time) || got.Position != want.Position {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"hôm qua", "32/11/2026", "@", "@-1", "08:00"} {
		if _, err := parseMoment(text, handlers.Zone()); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestADueDateSaysHowFarItIs(t *testing.T) {
	now := at("2026-11-23 14:32:00")
	due := func(day string, change func(*dossier.State)) dossier.State {
		s := dossier.State{Status: dossier.Appraising, Due: at(day + " 17:00:00"), Clock: dossier.Clock{StartedAt: at("2026-10-28 10:05:00")}}
		if day == "" {
			s.Due = time.Time{}
		}
		if change != nil {
			change(&s)
		}
		return s
	}
	ended := func(day string) func(*dossier.State) {
		return func(s *dossier.State) {
			s.Status, s.Resolved.At = dossier.Resolved, at(day+" 09:00:00")
		}
	}
	for _, c := range []struct {
		state       dossier.State
		kind, words string
	}{
		{due("2026-11-21", nil), "late", "quá hạn 2 ngày"},
		{due("2026-11-23", nil), "today", "đến hạn hôm nay"},
		{due("2026-11-24", nil), "soon", "còn 1 ngày"},
		{due("2026-11-25", nil), "soon", "còn 2 ngày"},
		{due("2026-12-03", nil), "far", "còn 10 ngày"},
		{due("2026-11-26", ended("2026-11-25")), "done", "xong trước hạn 1 ngày"},
		{due("2026-11-26", ended("2026-11-26")), "done", "xong đúng hạn"},
		{due("2026-11-26", ended("2026-11-28")), "late", "xong, quá hạn 2 ngày"},
		{due("2026-11-26", func(s *dossier.State) { s.Clock.StoppedAt = at("2026-11-18 08:00:00") }), "paused", "tạm dừng từ 18/11/2026"},
	} {
		if got := vi.dueOf(c.state, now); got.Kind != c.kind || spaced(got.Words) != c.words || got.Why == "" {
			t.Errorf("%v: %s %q, want %s %q", c.state.Due, got.Kind, got.Words, c.kind, c.words)
		}
	}
	unknown := dossier.State{Status: dossier.Appraising, Clock: dossier.Clock{StartedAt: now}}
	if got := vi.dueOf(unknown, now); got.Kind != "unknown" || got.Words != "chưa tính được" || got.Why == "" {
		t.Errorf("without a calendar: %+v", got)
	}
}

func TestSearchFoldsMarksAndLetters(t *testing.T) {
	for text, want := range map[string]string{"Gia hạn Chứng chỉ hành nghề thú y": "gia han chung chi hanh nghe thu y", "Đường ẨM Ử ỵ": "duong am u y"} {
		if got := fold(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestAProcedureIsFoundByTheBeginningsOfItsWords(t *testing.T) {
	found := func(query string) (names []string) {
		for _, v := range procedure.Catalogue() {
			if matches(v, query) {
				names = append(names, v.ID)
			}
		}
		return names
	}
	for _, query := range []string{"gia han thu y", "Gia hạn chứng chỉ hành nghề thú y", "2.001064", "renew vet prac"} {
		if got := found(query); !slices.Contains(got, renew) {
			t.Errorf("%q finds %v", query, got)
		}
	}
	if got := found("thu y"); slices.Contains(got, "pesticide-registration") {
		t.Errorf("thuốc is taken for thú y: %v", got)
	}
	if got := found("không có thủ tục nào như thế"); got != nil {
		t.Errorf("found %v", got)
	}
}
