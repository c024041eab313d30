package calendar

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"dossier/domain"
)

// Decide answers a command with facts, with nothing when it is already so, or with a *domain.Refusal or *domain.Invalid that names
// the field ("days[3].kind").
func Decide(c Calendar, wish Command) ([]Event, error) {
	if _, opens := wish.(Open); !opens && !c.Exists() {
		return nil, &domain.Refusal{Code: "calendar_not_open",
			VI: "Lịch này chưa được mở. Mở lịch với mã và múi giờ trước.",
			EN: "This calendar is not open. Open it with its code and zone first."}
	}
	switch w := wish.(type) {
	case Open:
		return open(c, w)
	case SetHours:
		return setHours(c, w)
	case PublishYear:
		return publishYear(c, w)
	}
	panic(fmt.Sprintf("decide: a command outside the sealed set: %T", wish))
}

func open(c Calendar, w Open) ([]Event, error) {
	switch {
	case !code(w.Code):
		return nil, invalid("bad_code", "code", "mã gồm a–z, 0–9, chấm và gạch nối", "a code of a–z, 0–9, dots and hyphens")
	case c.Exists() && (c.Code != w.Code || c.Zone != w.Zone):
		return nil, &domain.Refusal{Code: "calendar_is_open", Field: "zone",
			VI: "Lịch " + c.Code + " đã mở với múi giờ " + c.Zone + "; múi giờ không đổi được vì các thời hạn đã tính theo đó.",
			EN: "Calendar " + c.Code + " is open in zone " + c.Zone + "; a zone cannot change, because limits were counted in it."}
	case c.Exists():
		return nil, nil
	}
	if _, err := location(w.Zone); err != nil || w.Zone == "" || w.Zone == "Local" {
		return nil, invalid("unknown_zone", "zone", "tên múi giờ IANA, ví dụ Asia/Ho_Chi_Minh", "an IANA zone name, such as Asia/Ho_Chi_Minh")
	}
	return []Event{Opened{w.Code, w.Zone}}, nil
}

func setHours(c Calendar, w SetHours) ([]Event, error) {
	if w.Agency != "" && !code(w.Agency) {
		return nil, invalid("bad_code", "agency", "mã cơ quan", "an agency's code")
	}
	if !code(w.Basis) {
		return nil, basisMissing()
	}
	works := false
	for day, spans := range w.Week {
		end := Clock(-1)
		for i, s := range spans {
			if s.From <= end || s.To <= s.From || s.To > 24*60 {
				field := fmt.Sprintf("week.%s[%d]", weekdays[day], i)
				return nil, invalid("bad_hours", field, "giờ làm việc theo thứ tự, không chồng nhau, ví dụ 07:30–11:30", "working hours in order and without overlap, such as 07:30 to 11:30")
			}
			end, works = s.To, true
		}
	}
	if !works {
		return nil, invalid("no_working_day", "week", "ít nhất một ngày có giờ làm việc", "at least one day with working hours")
	}
	for _, h := range slices.Backward(c.Hours) { // of those set for one day the last counts
		if h.Agency != w.Agency || h.From != w.From {
			continue
		}
		if h.Week.equal(w.Week) {
			return nil, nil
		}
		break
	}
	return []Event{HoursSet{w.Agency, w.From, w.Week, w.Basis}}, nil
}

func (w Week) equal(v Week) bool {
	for d := range w {
		if !slices.Equal(w[d], v[d]) {
			return false
		}
	}
	return true
}

func publishYear(c Calendar, w PublishYear) ([]Event, error) {
	switch {
	case w.Year < 1990 || w.Year > 2200:
		return nil, invalid("out_of_range", "year", "năm từ 1990 đến 2200", "a year from 1990 to 2200")
	case w.Status != Official && w.Status != Provisional:
		return nil, invalid("not_in_list", "status", "official hoặc provisional", "official or provisional")
	case !code(w.Basis):
		return nil, basisMissing()
	}
	days := slices.Clone(w.Days)
	seen := map[Date]bool{}
	for i, d := range days {
		if err := c.admits(w.Year, d, seen[d.Date]); err != nil {
			err.Field = fmt.Sprintf("days[%d].%s", i, err.Field)
			return nil, err
		}
		seen[d.Date] = true
	}
	slices.SortFunc(days, func(a, b Day) int { return cmp.Compare(a.Date, b.Date) })
	if before, known := c.Years[w.Year]; known && before.is(w, days) {
		return nil, nil
	}
	return []Event{YearPublished{w.Year, w.Status, w.Basis, days}}, nil
}

// admits says what is wrong with a day, nil if nothing is.
func (c Calendar) admits(year int, d Day, twice bool) *domain.Invalid {
	rest := len(c.week("", d.Date)[d.Date.Weekday()]) == 0
	switch {
	case d.Date.Year() != year:
		return invalid("wrong_year", "date", fmt.Sprintf("một ngày của năm %d", year), fmt.Sprintf("a day of the year %d", year))
	case twice:
		return invalid("duplicate_day", "date", "mỗi ngày một lần", "each day once")
	case !slices.Contains([]Kind{Holiday, CompensatoryOff, SwappedOff, MakeUpWorking}, d.Kind):
		return invalid("not_in_list", "kind", "holiday, compensatory_off, swapped_off hoặc make_up_working", "holiday, compensatory_off, swapped_off or make_up_working")
	case d.Kind == MakeUpWorking && !rest:
		return invalid("already_working", "kind", "ngày làm bù phải là ngày nghỉ hằng tuần", "a make-up day is a weekly day of rest")
	case (d.Kind == CompensatoryOff || d.Kind == SwappedOff) && rest:
		return invalid("already_off", "kind", "ngày nghỉ bù, hoán đổi phải là ngày làm việc của tuần", "a compensatory or swapped day is a working day of the week")
	case !code(d.Name):
		return invalid("bad_code", "name", "mã của ngày lễ, ví dụ tet", "the code of the occasion, such as tet")
	case !slices.Contains([]Certainty{FromText, FromSecondary, FromMemory}, d.Certainty):
		return invalid("not_in_list", "certainty", "text, secondary hoặc memory", "text, secondary or memory")
	}
	return nil
}

func (y Year) is(w PublishYear, days []Day) bool {
	if y.Provisional != (w.Status == Provisional) || y.Basis != w.Basis || len(y.Days) != len(days) {
		return false
	}
	return !slices.ContainsFunc(days, func(d Day) bool { return y.Days[d.Date] != d })
}

var codes = regexp.MustCompile(`^[a-z0-9][a-z0-9._:-]{0,63}$`)

func code(s string) bool { return codes.MatchString(s) }

func basisMissing() *domain.Invalid {
	return invalid("bad_code", "basis", "mã văn bản làm căn cứ, ví dụ nq-28-2026", "the code of the law or notice it rests on, such as nq-28-2026")
}

func invalid(code, field, vi, en string) *domain.Invalid {
	return &domain.Invalid{Code: code, Field: field, VI: "Giá trị không nhận được; nhận " + vi + ".", EN: "Not accepted; give " + en + "."}
}
