package dossier

import "time"

// A record is kept as long as the version of its procedure says, from the day on which the dossier ended. Only then may it be disposed of, by a
// decision, and never while it is contested (Law on Archives 33/2024).

// EndedAt is when a dossier ended: returned, stopped or not received. Zero while it goes on.
func (s State) EndedAt() time.Time {
	for _, end := range []Act{s.Returned, s.Stopped, s.Refused} {
		if end.Done() && (s.Status.Ended() || s.Status == Disposed) {
			return end.At
		}
	}
	return time.Time{}
}

// KeptFor is how long the record of an ended dossier is kept: until the end of a day, for ever, or not known where nothing says it.
func (s State) KeptFor(years int, permanent bool) (until time.Time, forEver, known bool) {
	ended := s.EndedAt()
	switch {
	case ended.IsZero():
		return time.Time{}, false, false
	case permanent:
		return time.Time{}, true, true
	case years == 0:
		return time.Time{}, false, false
	}
	y, m, d := ended.In(hanoi).Date()
	return instant(time.Date(y+years, m, d+1, 0, 0, 0, 0, hanoi).Add(-time.Microsecond)), false, true
}

func (q question) kept() (until time.Time, forEver, known bool) {
	if q.x.Procedure == nil {
		return time.Time{}, false, false
	}
	return q.s.KeptFor(q.x.Procedure.Retention.Years, q.x.Procedure.Retention.Permanent)
}

var retentionGuards = []Guard{
	{Code: "retention_unknown", Live: true, On: []string{"DisposeRecord"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { _, _, known := q.kept(); return !known },
		VI:     "Không hủy được: thủ tục của hồ sơ chưa nói thời hạn bảo quản. Công bố phiên bản có “retention” và chuyển hồ sơ sang, rồi lập lại quyết định hủy.",
		EN:     "It cannot be disposed of: the dossier's procedure does not say how long a record is kept. Publish a version with “retention” and move the dossier to it, then decide again."},
	{Code: "kept_for_ever", Live: true, On: []string{"DisposeRecord"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { _, forEver, _ := q.kept(); return forEver },
		VI:     "Không hủy được: hồ sơ của thủ tục này được bảo quản vĩnh viễn. Giao nộp vào lưu trữ lịch sử.",
		EN:     "It cannot be disposed of: records of this procedure are kept for ever. Hand it over to the historical archive."},
	{Code: "retention_not_over", Live: true, On: []string{"DisposeRecord"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { until, _, _ := q.kept(); return !q.at.After(until) },
		VI:     "Không hủy được: hồ sơ được bảo quản đến hết {kept_until}. Chờ hết thời hạn, rồi lập lại quyết định hủy.",
		EN:     "It cannot be disposed of: the record is kept until the end of {kept_until}. Wait until then, then decide again."},
}
