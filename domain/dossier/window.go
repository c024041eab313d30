package dossier

import (
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

// The law gives officers hours and days, counted over the calendar; the guards that ask for them are soft. Where the calendar or one of its
// years is not known, nothing is late.

const (
	checkHours     = 8              // working hours from the arrival to the answer (Decree 118/2025, Article 17.2)
	supplementDays = 3              // working days from reception in which appraisal may ask for a supplement (Article 19.5)
	afternoon      = 15 * time.Hour // what is received later may be forwarded next morning (Article 18)
	nearestDays    = 40             // how far a next working day is looked for
)

// workingDays is the end of that many working days after a moment, zero where it cannot be counted.
func (q question) workingDays(from time.Time, n int) time.Time {
	return q.counted(from, calendar.Limit{Value: n, Unit: calendar.WorkingDays})
}

func (q question) counted(from time.Time, l calendar.Limit) time.Time {
	c := q.x.Calendar
	if c == nil || !c.Exists() || from.IsZero() {
		return time.Time{}
	}
	if due := c.Count(q.s.FiledAt, from, l, calendar.WholeDays).Due; !due.IsZero() {
		return instant(due)
	}
	return time.Time{}
}

// askWithin is how long after reception appraisal may ask: as the sector's law says, else three working days.
func (q question) askWithin() calendar.Limit {
	if v := q.x.Procedure; v != nil && v.Supplement.AskWithin != nil {
		return *v.Supplement.AskWithin
	}
	return calendar.Limit{Value: supplementDays, Unit: calendar.WorkingDays}
}

// past says whether a window that could be counted is over.
func (q question) past(until time.Time) bool { return !until.IsZero() && q.at.After(until) }

// checkUntil is by when the one-stop unit must answer what has last arrived.
func (q question) checkUntil() time.Time {
	return q.counted(q.s.arrived(), q.s.checkLimit())
}

// checkLimit is how long reception has: as the procedure says, else eight working hours.
func (s State) checkLimit() calendar.Limit {
	if l, ok := calendar.ParseLimit(s.CheckWithin); ok {
		return l
	}
	return calendar.Limit{Value: checkHours, Unit: calendar.WorkingHours}
}

func checkWithin(v *procedure.Version) Code {
	if v == nil || v.CheckWithin == nil {
		return ""
	}
	return Code(v.CheckWithin.String())
}

// arrived is when what waits for an answer at reception came.
func (s State) arrived() time.Time {
	arrived := s.Submitted.At
	if answer, asked := s.SupplementAt(AtReception); asked {
		arrived = later(arrived, answer.AnsweredAt)
	}
	return later(arrived, s.Agencies.Since)
}

// checkedLate says whether reception answers after its eight working hours. A refusal for an expired supplement answers nothing.
func (q question) checkedLate() bool {
	if c, is := q.c.(RefuseReception); is && c.Reason == SupplementExpired {
		return false
	}
	if _, asks := q.c.(RequestSupplement); asks && q.stage() == AtAppraisal {
		return false
	}
	return q.past(q.checkUntil())
}

// forwardUntil is the end of the day of reception, and of the next morning for what was received after 15:00 or on a day of rest.
func (q question) forwardUntil() time.Time {
	c, at := q.x.Calendar, q.s.Accepted.At
	if c == nil || !c.Exists() || at.IsZero() {
		return time.Time{}
	}
	loc := c.Location()
	day := calendar.DateOf(at, loc)
	v := c.Judge(q.s.FiledAt, day)
	if v.Works() && at.Sub(day.Start(loc)) <= afternoon {
		return instant(day.End(loc))
	}
	for range nearestDays {
		if v.Reason == calendar.NotKnown {
			return time.Time{}
		}
		day++
		if v = c.Judge(q.s.FiledAt, day); v.Works() {
			return instant(day.At(v.Hours[0].To, loc))
		}
	}
	return time.Time{}
}

var windowGuards = []Guard{
	{Code: "check_late", Soft: true, Live: true, On: []string{"AcceptDossier", "RefuseReception", "RequestSupplement"}, Basis: "NĐ 118/2025, Điều 17.2",
		broken: question.checkedLate,
		VI:     "Trả lời sau {check_within} kể từ khi hồ sơ đến (hạn {check_until}). Vẫn làm được; việc này được đánh dấu muộn.",
		EN:     "The answer comes more than {check_within} after the dossier came (by {check_until}). It passes and is marked late."},
	{Code: "forward_late", Soft: true, Live: true, On: []string{"ForwardDossier"}, Basis: "NĐ 118/2025, Điều 18",
		broken: func(q question) bool { return q.past(q.forwardUntil()) },
		VI:     "Chuyển xử lý phải trong ngày tiếp nhận; nhận sau 15 giờ thì sáng ngày làm việc tiếp theo (hạn {forward_until}). Vẫn chuyển được; việc này được đánh dấu muộn.",
		EN:     "A dossier is forwarded on the day of reception, next morning if received after 15:00 (by {forward_until}). It passes and is marked late."},
	{Code: "supplement_late", Soft: true, Live: true, On: []string{"RequestSupplement"}, Basis: "NĐ 118/2025, Điều 19.5",
		broken: func(q question) bool {
			return q.stage() == AtAppraisal && q.past(q.counted(q.s.Accepted.At, q.askWithin()))
		},
		VI: "Khi thẩm định, yêu cầu bổ sung phải trong {ask_within} kể từ khi tiếp nhận. Vẫn gửi được; việc này được đánh dấu muộn.",
		EN: "Appraisal asks for a supplement within {ask_within} of reception. It is sent all the same and marked late."},
	{Code: "head_asks", Live: true, On: []string{"RequestSupplement"}, Basis: "NĐ 118/2025, Điều 19.5",
		broken: func(q question) bool {
			v := q.x.Procedure
			return q.stage() == AtAppraisal && v != nil && v.Supplement.ByHead && q.x.Actor.Role != domain.DivisionHead
		},
		VI: "Chưa gửi được: thủ tục này đòi lãnh đạo phòng duyệt yêu cầu bổ sung. Trình lãnh đạo phòng gửi.",
		EN: "Not sent: under this procedure the head of the division approves a request for a supplement. Let the head send it."},
}
