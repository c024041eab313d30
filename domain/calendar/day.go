package calendar

// Reason says why a day counts or does not.
type Reason string

// The reasons. Working days count; rest days, and the kinds of days off, do not.
const (
	Working  Reason = "working"
	Rest     Reason = "rest"
	MadeUp   Reason = Reason(MakeUpWorking)
	Feast    Reason = Reason(Holiday)
	Off      Reason = Reason(CompensatoryOff)
	Swapped  Reason = Reason(SwappedOff)
	NotKnown Reason = "unknown" // the year is not published
)

// Verdict is what the calendar knows of one day for one agency.
type Verdict struct {
	Date        Date
	Reason      Reason
	Hours       Spans     // empty unless it is a working day
	Name        string    // of a day that differs from its week
	Certainty   Certainty // of a day that differs from its week
	Basis       string    // of the year
	Provisional bool      // the year is only expected
}

// Works says whether the day is a working day.
func (v Verdict) Works() bool { return len(v.Hours) > 0 }

// Judge says what a day is for an agency.
func (c Calendar) Judge(agency string, d Date) Verdict {
	year, known := c.Years[d.Year()]
	if !known {
		return Verdict{Date: d, Reason: NotKnown}
	}
	week := c.week(agency, d)
	v := Verdict{Date: d, Reason: Rest, Basis: year.Basis, Provisional: year.Provisional}
	if hours := week[d.Weekday()]; len(hours) > 0 {
		v.Reason, v.Hours = Working, hours
	}
	day, differs := year.Days[d]
	if !differs {
		return v
	}
	v.Reason, v.Name, v.Certainty = Reason(day.Kind), day.Name, day.Certainty
	switch {
	case day.Kind != MakeUpWorking:
		v.Hours = nil
	case len(v.Hours) == 0:
		v.Hours = week.first()
	}
	return v
}

// first is the hours of the week's first working day, which a make-up day takes over.
func (w Week) first() Spans {
	for day := 1; day <= 7; day++ {
		if spans := w[day%7]; len(spans) > 0 {
			return spans
		}
	}
	return nil
}
