package web

import (
	"time"

	"dossier/domain/dossier"
)

// dueView is a due date as people read it: the date, how far it is, and why. Kind names its bar and tone.
type dueView struct {
	Kind  string // late today soon far paused done unknown
	Date  time.Time
	Words string
	Why   string
	Long  bool // with the weekday
}

// soonDays is how near a due date has to be to be called near.
const soonDays = 2

// dueOf says by when. The days between are whole calendar days, and say so by being "ngày", not "ngày làm việc".
func (f format) dueOf(s dossier.State, now time.Time) dueView {
	if s.Due.IsZero() {
		return f.unknownDue(s)
	}
	if s.Status == dossier.Stopped {
		return dueView{Kind: "unknown", Words: Words{"dừng %s", "stopped %s"}.In(f.lang, f.Date(s.Stopped.At)), Why: label("stopped_reason", string(s.StoppedReason), f.lang) + "."}
	}
	v := dueView{Date: s.Due, Why: f.whyDue(s)}
	if s.Status.Ended() {
		v.Kind, v.Words = f.ended(f.dayNumber(s.Due) - f.dayNumber(endedAt(s)))
		return v
	}
	if !s.Clock.StoppedAt.IsZero() {
		v.Kind, v.Words = "paused", Words{"tạm dừng từ %s", "paused since %s"}.In(f.lang, f.Date(s.Clock.StoppedAt))
		return v
	}
	v.Kind, v.Words = f.ahead(f.dayNumber(s.Due) - f.dayNumber(now))
	return v
}

// whyDue is the one sentence under a date; the page of the deadline has all of it.
func (f format) whyDue(s dossier.State) string {
	switch {
	case s.DueSource == dossier.ImportedDeadline:
		return Words{"Hạn ghi ở hệ thống cũ, giữ nguyên.", "Due date taken over from the other system as it stood."}.In(f.lang)
	case s.DueSource == dossier.ExtendedDeadline:
		return Words{"Đã gia hạn một lần từ %s: %s.", "Extended once from %s: %s."}.In(f.lang, f.Date(s.Extension.Original), label("extension_reason", string(s.Extension.Reason), f.lang))
	case s.Clock.Term.Provisional:
		return Words{"Tạm tính: lịch của năm đó chưa công bố.", "Provisional: that year's calendar is not published yet."}.In(f.lang)
	}
	return Words{"Tính %s từ %s.", "%s counted from %s."}.In(f.lang, limitText(s.Clock.Term, f.lang), f.Moment(s.Clock.From()))
}

func (f format) ahead(days int) (kind, words string) {
	switch {
	case days < 0:
		return "late", Words{"quá hạn %s", "%s late"}.In(f.lang, f.Days(-days))
	case days == 0:
		return "today", Words{"đến hạn hôm nay", "due today"}.In(f.lang)
	case days <= soonDays:
		return "soon", Words{"còn %s", "%s left"}.In(f.lang, f.Days(days))
	default:
		return "far", Words{"còn %s", "%s left"}.In(f.lang, f.Days(days))
	}
}

func (f format) ended(before int) (kind, words string) {
	switch {
	case before < 0:
		return "late", Words{"xong, quá hạn %s", "done, %s late"}.In(f.lang, f.Days(-before))
	case before == 0:
		return "done", Words{"xong đúng hạn", "done on time"}.In(f.lang)
	default:
		return "done", Words{"xong trước hạn %s", "done %s early"}.In(f.lang, f.Days(before))
	}
}

func endedAt(s dossier.State) time.Time {
	for _, at := range []time.Time{s.Resolved.At, s.Issued.At, s.Refused.At} {
		if !at.IsZero() {
			return at
		}
	}
	return s.LastChange
}

func (f format) unknownDue(s dossier.State) dueView {
	v := dueView{Kind: "unknown"}
	switch {
	case s.Status == dossier.Stopped:
		v.Words = Words{"dừng %s", "stopped %s"}.In(f.lang, f.Date(s.Stopped.At))
		v.Why = label("stopped_reason", string(s.StoppedReason), f.lang) + "."
	case s.Status == dossier.ReceptionRefusedStatus:
		v.Words = Words{"không có hạn trả", "no due date"}.In(f.lang)
		v.Why = Words{"Hồ sơ không được tiếp nhận, thời hạn chưa hề chạy.", "The dossier was not accepted, its clock never ran."}.In(f.lang)
	case s.Status.Ended():
		v.Words = Words{"xong %s", "done %s"}.In(f.lang, f.Date(endedAt(s)))
		v.Why = Words{"Không tính được hạn trả: thủ tục không có thời hạn, hoặc chưa có lịch làm việc.", "No due date: the procedure has no limit, or its calendar is missing."}.In(f.lang)
	case !s.Clock.StoppedAt.IsZero():
		v.Kind, v.Words = "paused", Words{"tạm dừng từ %s", "paused since %s"}.In(f.lang, f.Date(s.Clock.StoppedAt))
		if answered(s) {
			v.Why = Words{"Phần bổ sung đã đến đủ; tiếp nhận thì thời hạn tính lại từ đầu.", "The supplement has arrived; once accepted the limit starts again."}.In(f.lang)
			break
		}
		v.Why = Words{"Đang chờ người nộp bổ sung; đủ thì thời hạn tính lại từ đầu.", "Waiting for the applicant; once complete the limit starts again."}.In(f.lang)
	case s.Clock.StartedAt.IsZero():
		v.Words = Words{"chưa chạy", "not running yet"}.In(f.lang)
		v.Why = Words{"Thời hạn bắt đầu khi cơ quan tiếp nhận hồ sơ đầy đủ.", "The limit starts when the authority accepts the complete dossier."}.In(f.lang)
	default:
		v.Words = Words{"chưa tính được", "not computed yet"}.In(f.lang)
		v.Why = Words{"Thiếu lịch làm việc để tính ngày.", "The working calendar that the date needs is missing."}.In(f.lang)
		if year := s.Clock.Term.MissingYear; year > 0 {
			v.Why = Words{"Thiếu lịch làm việc năm %d; có lịch thì hạn được tính ngay.", "The calendar of %d is missing; the date follows as soon as it is published."}.In(f.lang, year)
		}
	}
	return v
}

// answered says whether everything that was asked of the applicant has come: the turn is the authority's again.
func answered(s dossier.State) bool {
	open, ok := s.OpenSupplement()
	return ok && open.Complete()
}
