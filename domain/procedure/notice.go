package procedure

import (
	"fmt"
	"slices"

	"dossier/domain/calendar"
)

// Relief takes a share off a fee: an exemption takes all of it, a reduction a part, from a day to a day. Of several that hold the
// greatest counts; they are never added up.
type Relief struct {
	Percent int           `json:"percent"`        // 1 … 100
	When    string        `json:"when,omitempty"` // under this fact only
	From    calendar.Date `json:"from,omitzero"`
	Until   calendar.Date `json:"until,omitzero"` // the last day
	Basis   string        `json:"basis"`          // the document that grants it
}

// FeeNotice is what is owed on a day, and how it was found. Amounts are whole đồng.
type FeeNotice struct {
	Day   calendar.Date `json:"day"`
	Lines []NoticeLine  `json:"lines"`
	Total int           `json:"total"`
}

// NoticeLine is one fee: what the table says, what is taken off, and what is left to pay.
type NoticeLine struct {
	Code    string       `json:"code"`
	NameVI  string       `json:"name_vi"`
	NameEN  string       `json:"name_en"`
	Kind    FeeKind      `json:"kind"`
	Due     FeeDue       `json:"due"`
	Table   int          `json:"table"`
	Percent int          `json:"relief_percent,omitempty"`
	Pay     int          `json:"pay"`
	Basis   string       `json:"basis,omitempty"`
	Steps   []NoticeStep `json:"steps"`
}

// NoticeStep is one row or relief that was looked at, and why it was taken or passed over.
type NoticeStep struct {
	Taken bool   `json:"taken"`
	VI    string `json:"vi"`
	EN    string `json:"en"`
	Basis string `json:"basis,omitempty"`
}

// FeeNotice computes what is owed on a day when these facts hold. A part of a đồng that a relief leaves is not asked for.
func (v Version) FeeNotice(holds func(fact string) bool, day calendar.Date) FeeNotice {
	n := FeeNotice{Day: day, Lines: []NoticeLine{}}
	for _, row := range v.FeesUnder(holds) {
		line := NoticeLine{Code: row.Code, NameVI: row.NameVI, NameEN: row.NameEN, Kind: row.Kind, Due: row.Due, Table: row.Amount, Basis: row.Basis, Steps: v.branches(row, holds)}
		for _, r := range row.Reliefs {
			line.Percent = max(line.Percent, r.percent(holds, day))
		}
		taken := false
		for _, r := range row.Reliefs {
			counts := !taken && line.Percent > 0 && r.percent(holds, day) == line.Percent
			taken = taken || counts
			line.Steps = append(line.Steps, v.relieved(r, counts, holds, day))
		}
		line.Pay = row.Amount / 100 * (100 - line.Percent) // in two parts: no amount overflows
		line.Pay += row.Amount % 100 * (100 - line.Percent) / 100
		n.Lines, n.Total = append(n.Lines, line), n.Total+line.Pay
	}
	return n
}

// Payable is what these fees of the table amount to; all is false when one of them is not asked for.
func (n FeeNotice) Payable(codes []string) (amount int, all bool) {
	all = true
	for _, code := range codes {
		at := slices.IndexFunc(n.Lines, func(l NoticeLine) bool { return l.Code == code })
		if at < 0 {
			all = false
			continue
		}
		amount += n.Lines[at].Pay
	}
	return amount, all
}

// percent is what the relief takes off then, 0 when it does not hold.
func (r Relief) percent(holds func(string) bool, day calendar.Date) int {
	if r.When != "" && !holds(r.When) || r.From != 0 && day < r.From || r.Until != 0 && day > r.Until {
		return 0
	}
	return r.Percent
}

// branches tells of every row of a fee's code up to the one that counts.
func (v Version) branches(taken Fee, holds func(string) bool) (steps []NoticeStep) {
	for _, f := range v.Fees {
		if f.Code != taken.Code {
			continue
		}
		is := f.When == "" || holds(f.When)
		vi, en := v.because(f.When, is)
		steps = append(steps, NoticeStep{is, fmt.Sprintf("%d đồng: %s", f.Amount, vi), fmt.Sprintf("%d đồng: %s", f.Amount, en), f.Basis})
		if is {
			break
		}
	}
	return steps
}

func (v Version) because(when string, holds bool) (vi, en string) {
	switch {
	case when == "":
		return "không kèm điều kiện", "without a condition"
	case holds:
		return "đúng là “" + v.FactWords(when, "vi") + "”", "“" + v.FactWords(when, "en") + "” holds"
	}
	return "bỏ qua, không phải “" + v.FactWords(when, "vi") + "”", "passed over, “" + v.FactWords(when, "en") + "” does not hold"
}

func (v Version) relieved(r Relief, counts bool, holds func(string) bool, day calendar.Date) NoticeStep {
	vi, en := fmt.Sprintf("giảm %d%%", r.Percent), fmt.Sprintf("%d%% off", r.Percent)
	if r.Percent == 100 {
		vi, en = "miễn", "exempt"
	}
	if r.From != 0 {
		vi, en = vi+" từ "+r.From.String(), en+" from "+r.From.String()
	}
	if r.Until != 0 {
		vi, en = vi+" đến "+r.Until.String(), en+" until "+r.Until.String()
	}
	switch {
	case r.When != "" && !holds(r.When):
		v, e := v.because(r.When, false)
		vi, en = vi+": "+v, en+": "+e
	case r.percent(holds, day) == 0:
		vi, en = vi+": bỏ qua, không áp dụng ngày "+day.String(), en+": passed over, not in force on "+day.String()
	case !counts:
		vi, en = vi+": bỏ qua, đã có mức giảm cao hơn hoặc bằng", en+": passed over, another takes off as much or more"
	case r.When != "":
		v, e := v.because(r.When, true)
		vi, en = vi+": "+v, en+": "+e
	}
	return NoticeStep{counts, vi, en, r.Basis}
}
