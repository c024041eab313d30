package dossier

import (
	"cmp"
	"time"
)

// A record goes to the agency's archive within a year of the dossier's end, and one that is kept for ever to the historical archive within five
// years of that (Law on Archives 33/2024). It is kept as long as the version of its procedure says, from the day on which the dossier ended. Only then may it be disposed of, by a
// decision, after its applicant was given notice, and never while it is contested.

// Archive is where records are handed over to.
type Archive string

// The archives.
const (
	AgencyArchive     Archive = "agency"
	HistoricalArchive Archive = "historical"
)

func (Archive) values() []string { return []string{"agency", "historical"} }

// HandOverRecord gives the record to an archive.
type HandOverRecord struct {
	To       Archive `json:"to"`
	Register Code    `json:"register"` // number of the list with which it is handed over
}

// AnnounceDisposal gives notice that the record will be disposed of.
type AnnounceDisposal struct {
	Days int `json:"days,omitempty" range:"1-365"` // calendar days until it may be decided; 0: thirty
}

// RecordHandedOver says that an archive has the record.
type RecordHandedOver struct {
	To       Archive `json:"to"`
	Register Code    `json:"register"`
	Late     bool    `json:"late,omitempty"`
	Of
}

// DisposalAnnounced gives notice; the record may be disposed of after that moment.
type DisposalAnnounced struct {
	After time.Time `json:"after"`
	Of
}

// Archived is where the record of a dossier is.
type Archived struct {
	Agency     Act    `json:"agency,omitzero"`
	Historical Act    `json:"historical,omitzero"`
	Register   string `json:"register,omitempty"` // of the last hand-over
	Late       bool   `json:"late,omitempty"`     // a hand-over was late
}

// noticeDays is how long before the decision notice is given, in calendar days, where nobody says otherwise (assumed).
const noticeDays = 30

// HandOverDue is by when the record of an ended dossier goes to its next archive, and to which; zero where to none any more.
func (s State) HandOverDue(permanent bool) (to Archive, due time.Time) {
	ended := s.EndedAt()
	switch {
	case ended.IsZero() || s.Status == Disposed:
		return "", time.Time{}
	case !s.Archived.Agency.Done():
		return AgencyArchive, endOfYears(ended, 1)
	case permanent && !s.Archived.Historical.Done():
		return HistoricalArchive, endOfYears(s.Archived.Agency.At, 5)
	}
	return "", time.Time{}
}

// endOfYears is the end of the day so many years after a moment.
func endOfYears(at time.Time, years int) time.Time {
	y, m, d := at.In(hanoi).Date()
	return instant(time.Date(y+years, m, d+1, 0, 0, 0, 0, hanoi).Add(-time.Microsecond))
}

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
	return endOfYears(ended, years), false, true
}

func (q question) permanent() bool { return q.x.Procedure != nil && q.x.Procedure.Retention.Permanent }

// at is when an archive took the record over.
func (a Archived) at(to Archive) Act {
	if to == HistoricalArchive {
		return a.Historical
	}
	return a.Agency
}

func (c HandOverRecord) already(q question) bool {
	return q.mine(q.s.Archived.at(c.To)) && q.s.Archived.Register == string(c.Register)
}

func (c HandOverRecord) facts(q question) []Event {
	return []Event{RecordHandedOver{c.To, c.Register, q.late, q.of()}}
}

func (e RecordHandedOver) evolve(s State, act Act) State {
	if e.To == HistoricalArchive {
		s.Archived.Historical = act
	} else {
		s.Archived.Agency = act
	}
	s.Archived.Register, s.Archived.Late = string(e.Register), s.Archived.Late || e.Late
	return s
}

func (c AnnounceDisposal) already(q question) bool { return q.mine(q.s.Announced) }

func (c AnnounceDisposal) facts(q question) []Event {
	return []Event{DisposalAnnounced{endOfDay(q.at, cmp.Or(c.Days, noticeDays)), q.of()}}
}

func (e DisposalAnnounced) evolve(s State, act Act) State {
	s.Announced, s.DisposalAfter = act, e.After
	return s
}

func (RecordHandedOver) beside()  {}
func (DisposalAnnounced) beside() {}

func (HandOverRecord) Name() string   { return "HandOverRecord" }
func (AnnounceDisposal) Name() string { return "AnnounceDisposal" }
func (HandOverRecord) command()       {}
func (AnnounceDisposal) command()     {}

func (q question) kept() (until time.Time, forEver, known bool) {
	if q.x.Procedure == nil {
		return time.Time{}, false, false
	}
	return q.s.KeptFor(q.x.Procedure.Retention.Years, q.x.Procedure.Retention.Permanent)
}

var retentionGuards = []Guard{
	{Code: "retention_unknown", Live: true, On: []string{"DisposeRecord", "AnnounceDisposal"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { _, _, known := q.kept(); return !known },
		VI:     "Không hủy được: thủ tục của hồ sơ chưa nói thời hạn bảo quản. Công bố phiên bản có “retention” và chuyển hồ sơ sang, rồi lập lại quyết định hủy.",
		EN:     "It cannot be disposed of: the dossier's procedure does not say how long a record is kept. Publish a version with “retention” and move the dossier to it, then decide again."},
	{Code: "kept_for_ever", Live: true, On: []string{"DisposeRecord", "AnnounceDisposal"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { _, forEver, _ := q.kept(); return forEver },
		VI:     "Không hủy được: hồ sơ của thủ tục này được bảo quản vĩnh viễn. Giao nộp vào lưu trữ lịch sử.",
		EN:     "It cannot be disposed of: records of this procedure are kept for ever. Hand it over to the historical archive."},
	{Code: "retention_not_over", Live: true, On: []string{"DisposeRecord", "AnnounceDisposal"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { until, _, _ := q.kept(); return !q.at.After(until) },
		VI:     "Không hủy được: hồ sơ được bảo quản đến hết {kept_until}. Chờ hết thời hạn, rồi lập lại quyết định hủy.",
		EN:     "It cannot be disposed of: the record is kept until the end of {kept_until}. Wait until then, then decide again."},
	{Code: "disposal_not_announced", Live: true, On: []string{"DisposeRecord"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { return q.s.DisposalAfter.IsZero() },
		VI:     "Không hủy được: chưa báo trước việc hủy. Báo trước (announce-disposal), chờ hết thời hạn báo, rồi lập quyết định.",
		EN:     "It cannot be disposed of: nobody gave notice. Give notice (announce-disposal), wait until its time is over, then decide."},
	{Code: "disposal_notice_runs", Live: true, On: []string{"DisposeRecord"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { return !q.s.DisposalAfter.IsZero() && !q.at.After(q.s.DisposalAfter) },
		VI:     "Không hủy được: đã báo trước đến hết {disposal_after}. Chờ hết thời hạn, rồi lập quyết định.",
		EN:     "It cannot be disposed of: notice was given until the end of {disposal_after}. Wait until then, then decide."},
	{Code: "disposal_announced", Live: true, On: []string{"AnnounceDisposal"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { return q.s.Announced.Done() },
		VI:     "Đã báo trước việc hủy, đến hết {disposal_after}. Chờ hết thời hạn, rồi lập quyết định hủy.",
		EN:     "Notice was given, until the end of {disposal_after}. Wait until then, then decide to dispose of the record."},
	{Code: "handed_over_already", On: []string{"HandOverRecord"}, Field: "to", Basis: "Luật 33/2024",
		broken: func(q question) bool { return q.s.Archived.at(q.c.(HandOverRecord).To).Done() },
		VI:     "Lưu trữ này đã nhận hồ sơ. Xem mục lục giao nộp trong hồ sơ.",
		EN:     "This archive has the record already. The dossier says by which list."},
	{Code: "agency_archive_first", On: []string{"HandOverRecord"}, Field: "to", Basis: "Luật 33/2024",
		broken: func(q question) bool {
			return q.c.(HandOverRecord).To == HistoricalArchive && !q.s.Archived.Agency.Done()
		},
		VI: "Giao nộp vào lưu trữ cơ quan trước (to=agency), rồi mới vào lưu trữ lịch sử.",
		EN: "Hand it over to the agency's archive first (to=agency), then to the historical one."},
	{Code: "not_kept_for_ever", On: []string{"HandOverRecord"}, Field: "to", Basis: "Luật 33/2024",
		broken: func(q question) bool { return q.c.(HandOverRecord).To == HistoricalArchive && !q.permanent() },
		VI:     "Lưu trữ lịch sử chỉ nhận hồ sơ bảo quản vĩnh viễn; hồ sơ này có thời hạn.",
		EN:     "The historical archive takes records that are kept for ever only; this one is not."},
	{Code: "handed_over_late", Soft: true, On: []string{"HandOverRecord"}, Basis: "Luật 33/2024",
		broken: func(q question) bool {
			to, due := q.s.HandOverDue(q.permanent())
			return to == q.c.(HandOverRecord).To && q.at.After(due)
		},
		VI: "Giao nộp sau thời hạn. Vẫn giao được; việc này được đánh dấu trễ.",
		EN: "It is handed over after its time. It can be done all the same and is marked late."},
}
