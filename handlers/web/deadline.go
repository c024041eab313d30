package web

import (
	"net/http"
	"strings"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"
)

// deadlinePage is how a due date was reached: each day, whether it counts and why, and the article.
type deadlinePage struct {
	Code, Back string
	Due        dueView
	Limit      string
	Policy     string
	From       time.Time
	Calendar   string
	Version    int64
	Notes      []string
	Rows       []deadlineRow
	Stages     []stageRow
	Stamp      stamp
}

type deadlineRow struct {
	Date      string
	Weekday   string
	Count     string
	Why       string
	Law       string
	Off, Last bool
}

// stageRow is a named part of the limit.
type stageRow struct {
	Name, Limit, Status string
	From, Due           time.Time
	Late                bool
}

func (v *visit) stages(list []handlers.DeadlineStage) (rows []stageRow) {
	said := map[string]Words{"waiting": {"Chưa đến", "Not begun"}, "running": {"Đang tính", "Running"}, "overdue": {"Quá hạn bước", "Overdue"}, "done": {"Đã qua", "Done"}}
	for _, s := range list {
		row := stageRow{Name: Words{s.NameVI, s.NameEN}.In(v.lang), Limit: Words{s.LimitVI, s.LimitEN}.In(v.lang), Status: said[s.Status].In(v.lang), Late: s.Status == "overdue"}
		if s.From != nil {
			row.From = *s.From
		}
		if s.Due != nil {
			row.Due = *s.Due
		}
		rows = append(rows, row)
	}
	return rows
}

func (s *site) deadline(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, facts, err := s.open(r, v)
	if err != nil {
		return err
	}
	state := dossier.Fold(facts)
	d, err := s.Executor.Deadline(r.Context(), state)
	if err != nil {
		return err
	}
	p := deadlinePage{
		Code: codeOf(id, state), Back: "/dossiers/" + id.String(), Due: v.dueOf(state, s.Now()), From: state.Clock.From(), Calendar: d.Calendar, Version: d.Version,
		Policy: label("count_policy", d.Policy, v.lang), Limit: limitText(state.Clock.Term, v.lang), Notes: v.deadlineNotes(d), Stages: v.stages(d.Stages),
	}
	p.Due.Long = true
	for _, step := range d.Steps {
		p.Rows = append(p.Rows, v.deadlineRow(step.Step))
	}
	if p.Stamp, err = s.journalStamp(r.Context(), v); err != nil {
		return err
	}
	return s.render(w, r, v, http.StatusOK, "deadline", Words{"Hạn trả của hồ sơ %s", "Due date of dossier %s"}.In(v.lang, p.Code), p)
}

func (v *visit) deadlineRow(s calendar.Step) deadlineRow {
	l := string(v.lang)
	row := deadlineRow{Date: v.Date(s.Date.Start(v.zone)), Weekday: s.Date.WeekdayIn(l), Count: s.Says(l), Why: s.Why(l), Off: !s.Works(), Last: s.Effect == calendar.Ends}
	if s.Law != "" {
		row.Law = label("basis", s.Law, v.lang)
	}
	return row
}

// limitText is the running limit in words: "15 ngày, rồi 5 ngày làm việc".
func limitText(t dossier.Term, l Lang) string {
	var parts []string
	for _, code := range t.Limits {
		if limit, ok := calendar.ParseLimit(string(code)); ok {
			parts = append(parts, limit.Text(string(l)))
		}
	}
	return strings.Join(parts, Words{", rồi ", ", then "}.In(l))
}

func (v *visit) deadlineNotes(d handlers.Deadline) (notes []string) {
	say := func(when bool, w Words, args ...any) {
		if when {
			notes = append(notes, w.In(v.lang, args...))
		}
	}
	say(d.Source == dossier.ImportedDeadline, Words{"Hạn này được ghi ở hệ thống cũ và giữ nguyên, không tính lại.", "This date was taken over from the other system as it stood and is never computed again."})
	if d.Original != nil {
		say(true, Words{"Đã gia hạn một lần (NĐ 118/2025, Điều 19.6). Bảng dưới đây là cách tính hạn ban đầu, %s.", "Extended once (Decree 118/2025, Article 19.6). The table shows how the original date, %s, was reached."}, v.Date(*d.Original))
	}
	if d.StoppedAt != nil {
		say(true, Words{"Thời hạn tạm dừng từ %s; nộp bổ sung đủ thì tính lại từ đầu.", "The clock stands still since %s; once the supplement is complete the limit starts again."}, v.Moment(*d.StoppedAt))
	}
	say(d.MissingYear > 0, Words{"Chưa tính được: lịch làm việc năm %d chưa công bố. Có lịch thì hạn được tính ngay.", "Not known yet: the calendar of %d is not published. The date follows as soon as it is."}, d.MissingYear)
	say(d.Provisional, Words{"Tạm tính: có ngày thuộc năm mà lịch chưa công bố chính thức.", "Provisional: some days belong to a year whose calendar is only expected."})
	say(d.Assumed, Words{"Có ngày nghỉ hoặc làm bù chưa có nguồn xác nhận.", "A day off or made up is not confirmed by any source."})
	return notes
}
