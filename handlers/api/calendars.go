package api

import (
	"context"

	"dossier/domain/calendar"
	"dossier/handlers"
)

type calendarInput struct {
	Code    string `path:"code" maxLength:"64" example:"vn"`
	Version int64  `query:"version" minimum:"1" doc:"As it was at this version; the newest without it."`
}

type calendarBody struct {
	Code    string          `json:"code"`
	Version int64           `json:"version"`
	Zone    string          `json:"zone" example:"Asia/Ho_Chi_Minh"`
	Hours   []calendarHours `json:"hours"`
	Years   []calendarYear  `json:"years"`
}

type calendarHours struct {
	Agency string              `json:"agency,omitempty" doc:"Empty: all agencies that have none of their own."`
	From   string              `json:"from" format:"date"`
	Week   map[string][]string `json:"week" doc:"Working hours by weekday (mon, tue, …); a day that is not there is a day of rest."`
}

type calendarYear struct {
	Year        int           `json:"year"`
	Provisional bool          `json:"provisional" doc:"Expected, not yet published by its authority."`
	Basis       string        `json:"basis"`
	Days        []calendarDay `json:"days"`
}

type calendarDay struct {
	Date      string `json:"date" format:"date"`
	Kind      string `json:"kind" enum:"holiday,compensatory_off,swapped_off,make_up_working"`
	Name      string `json:"name" example:"tet"`
	Certainty string `json:"certainty" enum:"text,secondary,memory"`
	VI        string `json:"vi"`
	EN        string `json:"en"`
}

type calendarOutput struct{ Body calendarBody }

// calendar is one calendar, now or as it was. It is public to everybody who is signed in.
func (s *server) calendar(ctx context.Context, in *calendarInput) (*calendarOutput, error) {
	var c calendar.Calendar
	var err error
	if in.Version > 0 {
		c, err = s.Executor.Calendars().At(ctx, in.Code, in.Version)
	} else {
		c, err = s.Executor.Calendars().Get(ctx, in.Code)
	}
	if err == nil && (!c.Exists() || c.Version < in.Version) {
		err = handlers.ErrNoCalendar
	}
	if err != nil {
		return nil, err
	}
	return &calendarOutput{describeCalendar(c)}, nil
}

func describeCalendar(c calendar.Calendar) calendarBody {
	b := calendarBody{Code: c.Code, Version: c.Version, Zone: c.Zone, Hours: []calendarHours{}, Years: []calendarYear{}}
	for _, h := range c.Hours {
		b.Hours = append(b.Hours, calendarHours{h.Agency, h.From.String(), h.Week.Text()})
	}
	for _, year := range c.YearsKnown() {
		y := c.Years[year]
		one := calendarYear{Year: year, Provisional: y.Provisional, Basis: y.Basis, Days: []calendarDay{}}
		for _, d := range y.Listed() {
			one.Days = append(one.Days, calendarDay{d.Date.String(), string(d.Kind), d.Name, string(d.Certainty), calendar.Occasion(d.Name, "vi"), calendar.Occasion(d.Name, "en")})
		}
		b.Years = append(b.Years, one)
	}
	return b
}
