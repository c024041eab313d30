package dossier

import (
	"slices"
	"time"

	"dossier/domain/calendar"
)

// Dossiers may belong together: procedures that are linked share one reception, and each child has a clock and a result of its own; a new
// dossier follows a stopped one, which is never opened again; a complaint or an appeal is a dossier of its own, holds the first one
// back from disposal, and ends as upheld or overturned.

// LinkKind is how the other dossier stands to this one.
type LinkKind string

// The links. Complaints and appeals are opened by OpenComplaint.
const (
	GroupLead   LinkKind = "group_lead"
	GroupMember LinkKind = "group_member"
	Follows     LinkKind = "follows"
	FollowedBy  LinkKind = "followed_by"
	Contests    LinkKind = "contests"
)

func (LinkKind) values() []string {
	return []string{"group_lead", "group_member", "follows", "followed_by", "contests"}
}

// ComplaintKind is before whom a decision is contested.
type ComplaintKind string

func (ComplaintKind) values() []string { return []string{"complaint", "appeal", "lawsuit"} }

// ComplaintFinding is how it ended: the decision stands, or it does not.
type ComplaintFinding string

// A decision that is overturned is replaced or revoked by a new one.
const (
	Upheld     ComplaintFinding = "upheld"
	Overturned ComplaintFinding = "overturned"
)

func (ComplaintFinding) values() []string { return []string{"upheld", "overturned", "withdrawn"} }

// LinkDossier says that another dossier belongs to this one, and how.
type LinkDossier struct {
	Other Ref      `json:"other"` // the id of the other dossier
	Kind  LinkKind `json:"kind"`
}

// OpenComplaint notes that the dossier is contested in another one. Nothing of it may be disposed of meanwhile.
type OpenComplaint struct {
	Other   Ref           `json:"other,omitempty"` // the dossier of the complaint; without it one is opened
	Kind    ComplaintKind `json:"kind"`
	Complex bool          `json:"complex,omitempty"` // a complex case has longer
	Text    Text          `json:"text,omitzero"`
}

// CloseComplaint says how that ended.
type CloseComplaint struct {
	Number  int              `json:"number" range:"1-99"`
	Finding ComplaintFinding `json:"finding"`
	Basis   Code             `json:"basis,omitempty"` // the decision that closes it
	Text    Text             `json:"text,omitzero"`
}

// DossierLinked says that another dossier belongs to this one.
type DossierLinked struct {
	Other Ref      `json:"other"`
	Kind  LinkKind `json:"kind"`
	Of
}

// ComplaintOpened says that the dossier is contested in another one. A legal hold begins, and a limit of its own, beside the dossier's.
type ComplaintOpened struct {
	Number  int           `json:"number"`
	Other   Ref           `json:"other"`
	Kind    ComplaintKind `json:"kind"`
	Complex bool          `json:"complex,omitempty"`
	Term
	Text Text `json:"text,omitzero"`
	Of
}

// ComplaintClosed says how it ended.
type ComplaintClosed struct {
	Number  int              `json:"number"`
	Finding ComplaintFinding `json:"finding"`
	Basis   Code             `json:"basis,omitempty"`
	Late    bool             `json:"late,omitempty"` // after its limit
	Text    Text             `json:"text,omitzero"`
	Of
}

// Link is another dossier that belongs to this one.
type Link struct {
	Other string   `json:"other"`
	Kind  LinkKind `json:"kind"`
}

// Complaint is a dossier in which this one is contested.
type Complaint struct {
	Number   int              `json:"number"`
	Other    string           `json:"other"`
	Kind     ComplaintKind    `json:"kind"`
	OpenedAt time.Time        `json:"opened_at"`
	Due      time.Time        `json:"due,omitzero"`
	Finding  ComplaintFinding `json:"finding,omitempty"`
	ClosedAt time.Time        `json:"closed_at,omitzero"`
	Late     bool             `json:"late,omitempty"`

	Limit           string `json:"limit,omitempty"` // by which it is due: "30.calendar_day"
	Agency          string `json:"agency,omitempty"`
	Calendar        string `json:"calendar,omitempty"`
	CalendarVersion int    `json:"calendar_version,omitempty"`
	MissingYear     int    `json:"missing_year,omitempty"`
	Provisional     bool   `json:"provisional,omitempty"`
}

// limit is its own limit, if it has one.
func (c Complaint) limit() (calendar.Limit, bool) { return calendar.ParseLimit(c.Limit) }

// under puts the term in which it is due into the state.
func (c *Complaint) under(t Term) {
	if c.Due = instant(t.Due); len(t.Limits) > 0 {
		c.Limit, c.Agency, c.Calendar, c.CalendarVersion = string(t.Limits[0]), string(t.Agency), string(t.Calendar), t.CalendarVersion
		c.MissingYear, c.Provisional = t.MissingYear, t.Provisional
	}
}

// term is the one in which it is due.
func (c Complaint) term() Term {
	return Term{Limits: []Code{Code(c.Limit)}, Policy: CountPolicy(calendar.WholeDays), Agency: Code(c.Agency), Calendar: Code(c.Calendar), CalendarVersion: c.CalendarVersion,
		Due: c.Due, MissingYear: c.MissingYear, Provisional: c.Provisional}
}

// recounts says whether a calendar, as it is now, gives an open complaint another date.
func (c Complaint) recounts(cal calendar.Calendar) bool {
	if !c.Open() || c.Limit == "" || int64(c.CalendarVersion) >= cal.Version {
		return false
	}
	now := c.term().over(cal, c.OpenedAt, nil)
	return !now.Due.Equal(c.Due) || now.Provisional != c.Provisional
}

// RecountsComplaints lists the complaints to which a calendar, as it is now, gives another date than they bear.
func (s State) RecountsComplaints(cal calendar.Calendar) (numbers []int) {
	for _, c := range s.Complaints {
		if c.recounts(cal) {
			numbers = append(numbers, c.Number)
		}
	}
	return numbers
}

// RecountComplaint counts the limit of a complaint again over the calendar as it is now. Where the date stays, nothing happens.
type RecountComplaint struct {
	Number int `json:"number" range:"1-99"`
}

// ComplaintRecounted gives a complaint another date, because the calendar is another.
type ComplaintRecounted struct {
	Number int             `json:"number"`
	OldDue time.Time       `json:"old_due,omitzero"`
	Reason RecomputeReason `json:"reason"`
	Term
	Of
}

func (q question) recountable() (Complaint, bool) {
	number := q.c.(RecountComplaint).Number
	at := slices.IndexFunc(q.s.Complaints, func(c Complaint) bool { return c.Number == number })
	if at < 0 || q.x.Calendar == nil || !q.s.Complaints[at].recounts(*q.x.Calendar) {
		return Complaint{}, false
	}
	return q.s.Complaints[at], true
}

func (c RecountComplaint) already(q question) bool {
	_, due := q.recountable()
	return has(kept, q.s.Status) && !due
}

func (c RecountComplaint) facts(q question) []Event {
	o, _ := q.recountable()
	reason := CalendarChanged
	if o.MissingYear > 0 {
		reason = CalendarPublished
	}
	t := o.term().over(*q.x.Calendar, o.OpenedAt, nil)
	t.Assumed = true
	return []Event{ComplaintRecounted{c.Number, o.Due, reason, t, q.of()}}
}

func (e ComplaintRecounted) evolve(s State, _ Act) State {
	s.Complaints = slices.Clone(s.Complaints)
	for i := range s.Complaints {
		if c := &s.Complaints[i]; c.Number == e.Number {
			c.under(e.Term)
		}
	}
	return s
}

func (ComplaintRecounted) beside() {}

func (RecountComplaint) Name() string { return "RecountComplaint" }
func (RecountComplaint) command()     {}

// complaintDays is how long each instance has from the acceptance of a complaint, in calendar days; a complex case longer (Law on Complaints
// 02/2011, Articles 28 and 37). They were not read in a copy of the law, so every date that rests on them is marked assumed. A court has its own time.
var complaintDays = map[ComplaintKind][2]int{"complaint": {30, 45}, "appeal": {45, 60}}

// answerTerm counts the limit of a complaint from now.
func (q question) answerTerm(c OpenComplaint) Term {
	days, known := complaintDays[c.Kind]
	if !known || q.x.imports() {
		return Term{}
	}
	n := days[0]
	if c.Complex {
		n = days[1]
	}
	l := calendar.Limit{Value: n, Unit: calendar.CalendarDays}
	t := Term{Limits: []Code{Code(l.String())}, Policy: CountPolicy(calendar.WholeDays), Agency: Code(q.s.FiledAt)}
	if q.x.Calendar == nil || !q.x.Calendar.Exists() {
		t.MissingYear = q.at.In(hanoi).Year()
		return t
	}
	t = t.over(*q.x.Calendar, q.at, nil)
	t.Assumed = true
	return t
}

// Open says whether it has not ended.
func (c Complaint) Open() bool { return c.Finding == "" }

// Held says whether a complaint, an appeal or a lawsuit keeps the dossier from being disposed of.
func (s State) Held() bool { return slices.ContainsFunc(s.Complaints, Complaint.Open) }

func (s State) linked(other Ref, kind LinkKind) bool {
	return slices.Contains(s.Links, Link{string(other), kind})
}

func (q question) complaint() (Complaint, bool) {
	number := q.c.(CloseComplaint).Number
	at := slices.IndexFunc(q.s.Complaints, func(c Complaint) bool { return c.Number == number })
	if at < 0 {
		return Complaint{}, false
	}
	return q.s.Complaints[at], true
}

func (c LinkDossier) already(q question) bool { return q.s.linked(c.Other, c.Kind) }

func (c OpenComplaint) already(q question) bool {
	return slices.ContainsFunc(q.s.Complaints, func(o Complaint) bool { return o.Other == string(c.Other) && o.Kind == c.Kind })
}

func (c CloseComplaint) already(q question) bool {
	o, known := q.complaint()
	return known && o.Finding == c.Finding
}

func (c LinkDossier) facts(q question) []Event {
	return []Event{DossierLinked{c.Other, c.Kind, q.of()}}
}

func (c OpenComplaint) facts(q question) []Event {
	return []Event{ComplaintOpened{len(q.s.Complaints) + 1, c.Other, c.Kind, c.Complex, q.answerTerm(c), c.Text, q.of()}}
}

func (c CloseComplaint) facts(q question) []Event {
	return []Event{ComplaintClosed{c.Number, c.Finding, c.Basis, q.late, c.Text, q.of()}}
}

func (e DossierLinked) evolve(s State, _ Act) State {
	s.Links = append(slices.Clone(s.Links), Link{string(e.Other), e.Kind})
	return s
}

func (e ComplaintOpened) evolve(s State, act Act) State {
	c := Complaint{Number: e.Number, Other: string(e.Other), Kind: e.Kind, OpenedAt: act.At}
	c.under(e.Term)
	s.Complaints = append(slices.Clone(s.Complaints), c)
	return s
}

func (e ComplaintClosed) evolve(s State, act Act) State {
	s.Complaints = slices.Clone(s.Complaints)
	for i := range s.Complaints {
		if c := &s.Complaints[i]; c.Number == e.Number {
			c.Finding, c.ClosedAt, c.Late = e.Finding, act.At, e.Late
		}
	}
	return s
}

func (DossierLinked) beside()   {}
func (ComplaintOpened) beside() {}
func (ComplaintClosed) beside() {}

func (LinkDossier) Name() string    { return "LinkDossier" }
func (OpenComplaint) Name() string  { return "OpenComplaint" }
func (CloseComplaint) Name() string { return "CloseComplaint" }

func (LinkDossier) command()    {}
func (OpenComplaint) command()  {}
func (CloseComplaint) command() {}

var linkGuards = []Guard{
	{Code: "group_has_lead", On: []string{"LinkDossier"}, Field: "kind", Basis: "NĐ 118/2025, Điều 28",
		broken: func(q question) bool {
			c := q.c.(LinkDossier)
			lead := slices.ContainsFunc(q.s.Links, func(l Link) bool { return l.Kind == GroupLead })
			members := slices.ContainsFunc(q.s.Links, func(l Link) bool { return l.Kind == GroupMember })
			return c.Kind == GroupLead && (lead || members) || c.Kind == GroupMember && lead
		},
		VI: "Một nhóm thủ tục liên thông có một hồ sơ đầu mối và hồ sơ này đã có vai trò trong nhóm. Liên kết từ hồ sơ đầu mối.",
		EN: "A group of linked procedures has one lead, and this dossier has its part in a group already. Make the link from the lead."},
	{Code: "follows_only_stopped", Live: true, On: []string{"LinkDossier"}, Field: "kind", Basis: "NĐ 118/2025, Điều 19.5 và 21",
		broken: func(q question) bool {
			return q.c.(LinkDossier).Kind == FollowedBy && !q.s.Status.Ended()
		},
		VI: "Hồ sơ này chưa kết thúc nên chưa có hồ sơ nộp lại. Chỉ liên kết hồ sơ mới với hồ sơ đã kết thúc.",
		EN: "This dossier has not ended, so no other follows it. A new dossier is linked to one that has ended."},
	{Code: "complaint_dossier_missing", On: []string{"OpenComplaint"}, Field: "other", Basis: "Luật 02/2011, Điều 27",
		broken: func(q question) bool { return q.c.(OpenComplaint).Other == "" },
		VI:     "Vụ khởi kiện do tòa án thụ lý nên không mở hồ sơ ở đây. Ghi số hồ sơ của tòa vào mục “other”.",
		EN:     "A lawsuit is the court's, so no dossier is opened for it here. Give the court's number as other."},
	{Code: "complaint_after_due", Soft: true, Live: true, On: []string{"CloseComplaint"}, Basis: "Luật 02/2011, Điều 28 và 37",
		broken: func(q question) bool { c, known := q.complaint(); return known && q.past(c.Due) },
		VI:     "Khiếu nại được giải quyết sau thời hạn của nó. Vẫn ghi nhận; việc này được đánh dấu muộn.",
		EN:     "The complaint is settled after its own limit. It is recorded and marked late."},
	{Code: "no_open_complaint", Whatever: true, On: []string{"CloseComplaint"}, Field: "number",
		broken: func(q question) bool {
			if q.offered() {
				return !q.s.Held()
			}
			c, known := q.complaint()
			return !known || !c.Open()
		},
		VI: "Không có khiếu nại, khởi kiện nào đang mở mang số này. Xem lại số của vụ việc.",
		EN: "No complaint or appeal is open under this number. Look at its number again."},
}
