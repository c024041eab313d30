package calendar

import (
	"fmt"
	"time"
)

// words is what people read, Vietnamese first.
type words struct{ vi, en string }

func (w words) in(lang string) string {
	if lang == "en" {
		return w.en
	}
	return w.vi
}

var names = map[string]words{
	"new-year":             {"Tết Dương lịch", "New Year's Day"},
	"tet":                  {"Tết Nguyên đán", "Lunar New Year"},
	"hung-kings":           {"Giỗ Tổ Hùng Vương", "Hùng Kings' Day"},
	"reunification":        {"ngày Chiến thắng 30/4", "Reunification Day"},
	"labour":               {"ngày Quốc tế lao động", "Labour Day"},
	"national":             {"Quốc khánh", "National Day"},
	"culture":              {"ngày Văn hóa Việt Nam", "Vietnam Culture Day"},
	"swap-new-year":        {"hoán đổi dịp Tết Dương lịch", "swapped for New Year"},
	"swap-reunification":   {"hoán đổi dịp 30/4", "swapped for Reunification Day"},
	"swap-national":        {"hoán đổi dịp Quốc khánh", "swapped for National Day"},
	"easter-monday":        {"thứ Hai Phục sinh", "Easter Monday"},
	"ascension":            {"lễ Thăng Thiên", "Ascension Day"},
	"whit-monday":          {"thứ Hai Hiện Xuống", "Whit Monday"},
	"queens-day":           {"ngày Nữ hoàng", "Queen's Day"},
	"liberation":           {"ngày Giải phóng", "Liberation Day"},
	"christmas":            {"lễ Giáng sinh", "Christmas Day"},
	"second-christmas-day": {"ngày lễ Giáng sinh thứ hai", "Second Christmas Day"},
}

// Occasion is the name of a day that differs from its week; a code nobody has words for comes back as it is.
func Occasion(code, lang string) string {
	if w, known := names[code]; known {
		return w.in(lang)
	}
	return code
}

var reasons = map[Reason]words{
	Working:  {"ngày làm việc", "a working day"},
	Rest:     {"ngày nghỉ hằng tuần", "a weekly day of rest"},
	MadeUp:   {"làm bù", "a make-up working day"},
	Feast:    {"nghỉ lễ", "a holiday"},
	Off:      {"nghỉ bù", "off in compensation"},
	Swapped:  {"nghỉ hoán đổi", "a swapped day off"},
	NotKnown: {"chưa có lịch của năm này", "the calendar of this year is not published"},
}

// Why says what kind of day it is: "nghỉ lễ: Tết Nguyên đán".
func (v Verdict) Why(lang string) string {
	why := reasons[v.Reason].in(lang)
	if v.Name != "" {
		why += ": " + Occasion(v.Name, lang)
	}
	if v.Certainty == FromMemory {
		why += words{" (chưa có nguồn xác nhận)", " (not confirmed by a source)"}.in(lang)
	}
	if v.Provisional {
		why += words{" (lịch tạm tính)", " (provisional calendar)"}.in(lang)
	}
	return why
}

// Says is one row of a derivation in words.
func (s Step) Says(lang string) string {
	counted := words{fmt.Sprintf("ngày thứ %d", s.N), fmt.Sprintf("day %d", s.N)}.in(lang)
	if s.Worked > 0 {
		counted = words{"tính " + length(s.Worked, "vi"), length(s.Worked, "en") + " counted"}.in(lang)
	}
	switch s.Effect {
	case Starts:
		return words{"bắt đầu", "begins"}.in(lang)
	case Counts:
		return counted
	case Skipped:
		return words{"không tính", "does not count"}.in(lang)
	case Paused:
		return words{"tạm dừng, không tính", "paused, does not count"}.in(lang)
	case Lands:
		return words{"ngày cuối rơi vào ngày nghỉ", "the last day is a day of rest"}.in(lang)
	case Moved:
		return words{"lùi tiếp", "moves on"}.in(lang)
	case Ends:
		if s.N == 0 && s.Worked == 0 {
			return words{"hết hạn", "ends"}.in(lang)
		}
		return counted + words{", hết hạn", ", ends"}.in(lang)
	}
	return string(s.Effect)
}

// length writes working time: 3 giờ 30 phút.
func length(d time.Duration, lang string) string {
	hours, minutes := int(d.Hours()), int(d.Minutes())%60
	switch text := fmt.Sprintf(words{"%d giờ", "%d h"}.in(lang), hours); {
	case minutes == 0:
		return text
	case hours == 0:
		return fmt.Sprintf(words{"%d phút", "%d min"}.in(lang), minutes)
	default:
		return text + fmt.Sprintf(words{" %d phút", " %d min"}.in(lang), minutes)
	}
}

var weekdayNames = []words{
	{"Chủ nhật", "Sunday"}, {"thứ Hai", "Monday"}, {"thứ Ba", "Tuesday"}, {"thứ Tư", "Wednesday"}, {"thứ Năm", "Thursday"}, {"thứ Sáu", "Friday"}, {"thứ Bảy", "Saturday"},
}

// WeekdayIn is the day's name: thứ Hai.
func (d Date) WeekdayIn(lang string) string { return weekdayNames[d.Weekday()].in(lang) }

// Text is the limit in words; the space between number and unit does not break.
func (l Limit) Text(lang string) string {
	units := map[Unit]words{
		WorkingDays: {"ngày làm việc", "working day"}, CalendarDays: {"ngày", "day"}, Hours24: {"giờ", "hour"},
		WorkingHours: {"giờ làm việc", "working hour"}, Months: {"tháng", "month"}, SameDay: {"trong ngày", "the same day"},
	}
	unit := units[l.Unit].in(lang)
	switch {
	case l.Unit == SameDay:
		return unit
	case lang == "en" && l.Value != 1:
		unit += "s"
	}
	return fmt.Sprintf("%d\u00a0%s", l.Value, unit)
}
