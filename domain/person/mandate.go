package person

import (
	"slices"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
)

// A mandate lets another file, answer and read in somebody's place: from one day to another, for all procedures or for some (Civil Code,
// Articles 134 to 143 and 562; Decree 118/2025, Article 10).

// Evidence is the paper that a mandate stands on. The paper itself is a file of a dossier.
type Evidence string

// The papers.
const (
	Notarised Evidence = "notarised"   // certified or notarised
	Written   Evidence = "written"     // a power of attorney without certification
	ByLaw     Evidence = "by-law"      // a parent, guardian or legal representative
	Own       Evidence = "own-account" // granted by the person, logged in
)

// Evidences lists them.
func Evidences() []Evidence { return []Evidence{Notarised, Written, ByLaw, Own} }

// MandateGranted says that somebody may act in this person's place.
type MandateGranted struct {
	Number     int            `json:"number"`
	To         dossier.Ref    `json:"to"`
	From       calendar.Date  `json:"from"`
	Until      *calendar.Date `json:"until,omitempty"`      // nil: until it is ended
	Procedures []dossier.Code `json:"procedures,omitempty"` // none: all
	Evidence   Evidence       `json:"evidence"`
}

// MandateEnded says that it holds no more from a day on.
type MandateEnded struct {
	Number int           `json:"number"`
	From   calendar.Date `json:"from"`
	Reason dossier.Code  `json:"reason"`
}

func (MandateGranted) event() {}
func (MandateEnded) event()   {}

// Mandate is one that was granted, and from when it holds no more.
type Mandate struct {
	MandateGranted
	Ended *calendar.Date `json:"ended,omitempty"`
}

// Holds says whether the mandate lets that person act for a procedure on a day.
func (m Mandate) Holds(to, procedure string, day calendar.Date) bool {
	return m.covers(to, procedure) && day >= m.From && (m.Until == nil || day <= *m.Until) && (m.Ended == nil || day < *m.Ended)
}

func (m Mandate) covers(to, procedure string) bool {
	return string(m.To) == to && (len(m.Procedures) == 0 || slices.Contains(m.Procedures, dossier.Code(procedure)))
}

// Mandated returns the mandate under which somebody acts for this person on a day; a *domain.Refusal where there is none.
func (p Person) Mandated(to, procedure string, day calendar.Date) (Mandate, error) {
	once := false
	for _, m := range p.Mandates {
		if m.Holds(to, procedure, day) {
			return m, nil
		}
		once = once || m.covers(to, procedure)
	}
	if once {
		return Mandate{}, refusal("mandate_expired", "Giấy ủy quyền không còn hoặc chưa có hiệu lực vào ngày "+day.String()+". Ghi nhận ủy quyền mới (dossier person mandate), hoặc để chủ hồ sơ tự làm.",
			"The mandate does not hold on "+day.String()+": it has ended or has not begun. Record another (dossier person mandate), or let the owner act.")
	}
	return Mandate{}, refusal(MandateMissing, "Chưa có ủy quyền của chủ hồ sơ cho thủ tục này. Ghi nhận ủy quyền trước (dossier person mandate), hoặc để chủ hồ sơ tự làm.",
		"The owner has given no mandate for this procedure. Record one first (dossier person mandate), or let the owner act.")
}

// MandateMissing is the code of the refusal of somebody who never had a mandate.
const MandateMissing = "mandate_missing"

// MostMandates is how many may hold at once.
const MostMandates = 100

func (p Person) mayGrant(e MandateGranted) error {
	switch {
	case e.To == "" || !e.To.Valid():
		return &domain.Invalid{Code: "bad_code", Field: "to", VI: "Ghi mã của người được ủy quyền.", EN: "Give the reference of the person who is mandated."}
	case !slices.Contains(Evidences(), e.Evidence):
		return &domain.Invalid{Code: "not_in_list", Field: "evidence", VI: "“evidence” là notarised (công chứng, chứng thực), written (giấy ủy quyền), by-law (đại diện theo pháp luật) hoặc own-account.",
			EN: "“evidence” is notarised, written, by-law or own-account."}
	case e.Until != nil && *e.Until < e.From:
		return &domain.Invalid{Code: "until_before_from", Field: "until", VI: "Ngày hết hiệu lực trước ngày bắt đầu.", EN: "The mandate ends before it begins."}
	case len(p.Mandates) >= MostMandates:
		return refusal("too_many_mandates", "Đã có quá nhiều ủy quyền cho người này.", "This person has given too many mandates.")
	}
	for _, procedure := range e.Procedures {
		if !procedure.Valid() {
			return &domain.Invalid{Code: "bad_code", Field: "procedures", VI: "“procedures” là mã các thủ tục.", EN: "“procedures” are codes of procedures."}
		}
	}
	return nil
}

func (p Person) mayEnd(e MandateEnded) error {
	i := e.Number - 1
	switch {
	case i < 0 || i >= len(p.Mandates):
		return refusal("no_such_mandate", "Người này không có ủy quyền mang số đó.", "This person has given no mandate of that number.")
	case p.Mandates[i].Ended != nil:
		return refusal("mandate_ended", "Ủy quyền này đã chấm dứt từ ngày "+p.Mandates[i].Ended.String()+".", "This mandate has ended on "+p.Mandates[i].Ended.String()+" already.")
	}
	return nil
}
