package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// OfCalendar asks for a calendar, now or as it was.
type OfCalendar struct {
	Code    string `path:"code" maxLength:"64" example:"vn"`
	Version int64  `query:"version" minimum:"1" doc:"As it was at this version; the newest without it."`
}

// seenCalendar is OfCalendar of who has seen it before.
type seenCalendar struct {
	OfCalendar
	IfNoneMatch string `header:"If-None-Match" doc:"ETag seen before; 304 when nothing changed."`
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

type calendarOutput struct {
	Status int
	ETag   string `header:"ETag" doc:"Version of the calendar, for If-Match; missing of one as it was."`
	Body   calendarBody
}

type calendarsOutput struct {
	Body struct {
		Items []calendarLine `json:"items"`
	}
}

type calendarLine struct {
	Code    string `json:"code"`
	Version int64  `json:"version"`
	Zone    string `json:"zone"`
	Years   []int  `json:"years"`
}

// calendars lists what was published, of the shipped codes and those by which agencies work.
func (s *server) calendars(ctx context.Context, _ *struct{}) (*calendarsOutput, error) {
	codes := slices.Collect(maps.Keys(calendar.Shipped()))
	o, err := s.Executor.Organisation().Get(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range o.Agencies {
		codes = append(codes, a.Calendar)
	}
	slices.Sort(codes)
	out := &calendarsOutput{}
	out.Body.Items = []calendarLine{}
	for _, code := range slices.Compact(codes) {
		c, err := s.Executor.Calendars().Get(ctx, code)
		if err != nil {
			return nil, err
		}
		if c.Exists() {
			out.Body.Items = append(out.Body.Items, calendarLine{code, c.Version, c.Zone, c.YearsKnown()})
		}
	}
	return out, nil
}

type countInput struct {
	OfCalendar
	From   string `query:"from" required:"true" doc:"The moment from which the limit runs: an instant." example:"2026-11-20T03:00:00Z"`
	Limit  limit  `query:"limit" required:"true" doc:"A number and a unit." example:"3.working_day"`
	Agency string `query:"agency" maxLength:"64" doc:"Whose hours are counted."`
	Policy string `query:"policy" enum:"whole_days,from_instant" default:"whole_days"`
}

// limit is a limit as text.
type limit string

// Schema says how one is written.
func (limit) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: `^[1-9][0-9]{0,3}\.(working_day|calendar_day|working_hour|hour|month|same_day)$`}
}

type countOutput struct {
	Body struct {
		Due     *time.Time              `json:"due" doc:"null: a year that it needs is not published."`
		Closes  *time.Time              `json:"closes" doc:"What a receipt would show: the end of working hours on that day."`
		Missing int                     `json:"missing_year,omitempty"`
		Version int64                   `json:"calendar_version"`
		Steps   []handlers.DeadlineStep `json:"steps"`
	}
}

// count counts a limit from a moment, day by day, as dossiers are counted.
func (s *server) count(ctx context.Context, in *countInput) (*countOutput, error) {
	c, err := s.calendarAsked(ctx, in.Code, in.Version)
	if err != nil {
		return nil, err
	}
	m, err := s.moment("from", in.From)
	if err != nil {
		return nil, err
	}
	from, err := s.Executor.Instant(ctx, m)
	if err != nil {
		return nil, err
	}
	l, ok := calendar.ParseLimit(string(in.Limit))
	if !ok {
		return nil, &domain.Invalid{Code: "not_in_list", Field: "limit", VI: "Ghi thời hạn như 3.working_day.", EN: "Give a limit such as 3.working_day."}
	}
	n := c.Count(in.Agency, *from, l, calendar.Policy(in.Policy))
	out := &countOutput{}
	b := &out.Body
	b.Version, b.Steps = c.Version, handlers.DescribeSteps(n.Steps)
	if b.Missing = n.Missing; n.Known() {
		b.Due, b.Closes = &n.Due, &n.Closes
	}
	return out, nil
}

type calendarFile struct {
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act: the same key and body again give the same answer. Missing: made and returned."`
	IfMatch string `header:"If-Match" doc:"Version of the calendar that was looked at, as in its ETag; 412 when somebody changed it since."`
	RawBody []byte `contentType:"application/json" doc:"A calendar file, whole."`
}

type publishedCalendar struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	ETag string `header:"ETag" doc:"Version of the calendar after it."`
	Body handlers.Published
}

// publishCalendar brings a calendar to what a file says.
func (s *server) publishCalendar(ctx context.Context, in *calendarFile) (*publishedCalendar, error) {
	e := keyed(ctx, in.Key)
	var err error
	if e.Expected, err = version(in.IfMatch); err != nil {
		return nil, err
	}
	done, err := s.Executor.PublishCalendar(ctx, handlers.CallOf(ctx).Actor, calendar.CodeOf(in.RawBody), in.RawBody, e)
	return &publishedCalendar{e.Key, handlers.ETag(done.Version), done}, err
}

// calendar is one calendar, now or as it was. It is public to everybody who is signed in.
func (s *server) calendar(ctx context.Context, in *seenCalendar) (*calendarOutput, error) {
	c, err := s.calendarAsked(ctx, in.Code, in.Version)
	if err != nil {
		return nil, err
	}
	out := &calendarOutput{Status: http.StatusOK, Body: describeCalendar(c)}
	if in.Version == 0 {
		out.ETag = handlers.ETag(c.Version)
		if in.IfNoneMatch == out.ETag {
			out.Status = http.StatusNotModified
		}
	}
	return out, nil
}

func (s *server) calendarAsked(ctx context.Context, code string, version int64) (c calendar.Calendar, err error) {
	if version > 0 {
		c, err = s.Executor.Calendars().At(ctx, code, version)
	} else {
		c, err = s.Executor.Calendars().Get(ctx, code)
	}
	if err == nil && (!c.Exists() || c.Version < version) {
		err = handlers.ErrNoCalendar
	}
	return c, err
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
