package web

import (
	"strconv"
	"strings"
	"time"

	"dossier/handlers"
)

// Lang is the language of a page.
type Lang string

// The two languages; Vietnamese comes first everywhere.
const (
	VI Lang = "vi"
	EN Lang = "en"
)

// nb is the space at which a line must not break: "20 ngày".
const nb = "\u00a0"

// A format writes numbers and moments the way one language does, in the agency's zone.
type format struct {
	lang Lang
	zone *time.Location
}

var (
	weekdaysVI = [...]string{"Chủ nhật", "thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy"}
	weekdaysEN = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

// Num groups thousands: 1.204.331 or 1,204,331.
func (f format) Num(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	sep := "."
	if f.lang == EN {
		sep = ","
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(sep)
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Decimal writes one digit behind the mark: 97,8 or 97.8.
func (f format) Decimal(x float64) string {
	s := strconv.FormatFloat(x, 'f', 1, 64)
	if f.lang == VI {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// Date is 23/11/2026 or 23 Nov 2026.
func (f format) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if f.lang == EN {
		return strings.ReplaceAll(t.In(f.zone).Format("2 Jan 2006"), " ", nb)
	}
	return t.In(f.zone).Format("02/01/2006")
}

// Day is a date with its weekday: thứ Năm 26/11/2026.
func (f format) Day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	names := weekdaysVI
	if f.lang == EN {
		names = weekdaysEN
	}
	return strings.ReplaceAll(names[t.In(f.zone).Weekday()], " ", nb) + nb + f.Date(t)
}

// Clock is 14:32.
func (f format) Clock(t time.Time) string { return t.In(f.zone).Format("15:04") }

// Seconds is 14:32:07.
func (f format) Seconds(t time.Time) string { return t.In(f.zone).Format("15:04:05") }

// Moment is a date with its time; a midnight that stands for "no time known" shows the date alone.
func (f format) Moment(t time.Time) string {
	local := t.In(f.zone)
	if t.IsZero() || (local.Hour() == 0 && local.Minute() == 0 && local.Second() == 0 && local.Nanosecond() == 0) {
		return f.Date(t)
	}
	return f.Date(t) + nb + f.Clock(t)
}

// Exact is a moment to the second, for stamps and bands.
func (f format) Exact(t time.Time) string { return f.Date(t) + nb + f.Seconds(t) }

// Field is a moment as the fields of a form take it: 2026-11-19T08:00:05.
func (f format) Field(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(f.zone).Format("2006-01-02T15:04:05")
}

// Days counts whole days: "2 ngày", "1 day".
func (f format) Days(n int) string { return f.count(n, "ngày", "day") }

func (f format) count(n int, vi, en string) string {
	if f.lang == VI {
		return f.Num(int64(n)) + nb + vi
	}
	if n != 1 {
		en += "s"
	}
	return f.Num(int64(n)) + nb + en
}

// Span is a length of time in its two largest units: "6 giờ 35 phút", never a fraction.
func (f format) Span(d time.Duration) string {
	if d < time.Minute {
		return f.count(int(d.Seconds()), "giây", "second")
	}
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	var parts []string
	add := func(n int, vi, en string) {
		if n > 0 && len(parts) < 2 {
			parts = append(parts, f.count(n, vi, en))
		}
	}
	add(days, "ngày", "day")
	add(hours, "giờ", "hour")
	if days == 0 {
		add(minutes, "phút", "minute")
	}
	return strings.Join(parts, nb)
}

// dayNumber counts calendar days in the agency's zone, so two moments differ by whole days.
func (f format) dayNumber(t time.Time) int {
	y, m, d := t.In(f.zone).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// parseMoment reads what a person or a picker writes: a local date and time, or what every face of dossier takes.
func parseMoment(text string, z *time.Location) (handlers.Moment, error) {
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "02/01/2006 15:04:05", "02/01/2006 15:04"} {
		if t, err := time.ParseInLocation(layout, text, z); err == nil {
			return handlers.Moment{Time: t}, nil
		}
	}
	if t, err := time.ParseInLocation("02/01/2006", text, z); err == nil {
		text = t.Format(time.DateOnly)
	}
	return handlers.ParseMoment(text, z)
}
