package procedure

import (
	"fmt"
	"strings"

	"dossier/domain"
)

// Switch says whether a unit receives dossiers of a procedure. Units are let in step by step, and each can be taken out again.
type Switch struct {
	Position  int64 // the stream's version, 0 when it was never turned
	Procedure string
	Unit      string // "": all units that have none of their own
	Open      bool
	Reason    Reason
	Basis     string
}

// EvolveSwitch is the switch after one more fact.
func EvolveSwitch(s Switch, f Fact) Switch {
	s.Position = f.Version
	switch e := f.Event.(type) {
	case SwitchOpened:
		s.Procedure, s.Unit, s.Open, s.Reason, s.Basis = e.Procedure, e.Unit, true, e.Reason, e.Basis
	case SwitchClosed:
		s.Procedure, s.Unit, s.Open, s.Reason, s.Basis = e.Procedure, e.Unit, false, e.Reason, e.Basis
	}
	return s
}

// Turned says whether the switch was ever turned. One that never was lets everybody file.
func (s Switch) Turned() bool { return s.Position > 0 }

// Over is the switch that counts: the unit's own, else the general one.
func (s Switch) Over(general Switch) Switch {
	if s.Turned() {
		return s
	}
	return general
}

// Admits says why a dossier of this version cannot be filed by this channel where the switch stands so; nil when it can.
func (v Version) Admits(c Channel, s Switch) *domain.Refusal {
	switch {
	case s.Turned() && !s.Open:
		return &domain.Refusal{Code: "switched_off", Field: "procedure", Basis: s.Basis,
			VI: fmt.Sprintf("Đơn vị chưa nhận hồ sơ thủ tục “%s”: %s. Có thể: nộp tại đơn vị khác, hoặc chờ đơn vị mở lại.", v.ShortVI, Word("reason", string(s.Reason), "vi")),
			EN: fmt.Sprintf("The unit does not take dossiers for “%s”: %s. You can: file at another unit, or wait until this one is opened.", v.ShortEN, Word("reason", string(s.Reason), "en"))}
	case !v.Offers(c):
		return &domain.Refusal{Code: "channel_not_offered", Field: "channel", Basis: "NĐ 118/2025, Điều 14",
			VI: fmt.Sprintf("Thủ tục “%s” không nhận hồ sơ qua kênh này. Kênh nhận: %s.", v.ShortVI, v.channels("vi")),
			EN: fmt.Sprintf("“%s” cannot be filed this way. It is taken: %s.", v.ShortEN, v.channels("en"))}
	}
	return nil
}

func (v Version) channels(lang string) string {
	var list []string
	for _, c := range v.Channels {
		list = append(list, Word("channel", string(c), lang))
	}
	return strings.Join(list, ", ")
}

// NotValid refuses a filing on a day on which no version is valid.
func (p Procedure) NotValid(day string) *domain.Refusal {
	newest, _ := p.Newest()
	if from, gone := p.Withdrawn(); gone {
		return &domain.Refusal{Code: "procedure_withdrawn", Field: "procedure", Basis: p.WithdrawnFor.Decision,
			VI: fmt.Sprintf("Thủ tục “%s” đã bãi bỏ từ %s. Chọn thủ tục thay thế hoặc hỏi Bộ phận Một cửa.", newest.ShortVI, from),
			EN: fmt.Sprintf("“%s” was withdrawn from %s on. Choose what took its place or ask the one-stop unit.", newest.ShortEN, from)}
	}
	return &domain.Refusal{Code: "procedure_not_valid_yet", Field: "procedure",
		VI: fmt.Sprintf("Ngày %s chưa có quy định nào của thủ tục “%s” có hiệu lực; sớm nhất từ %s.", day, newest.ShortVI, p.Versions[0].Decision.ValidFrom),
		EN: fmt.Sprintf("On %s no version of “%s” is valid yet; the first is from %s on.", day, newest.ShortEN, p.Versions[0].Decision.ValidFrom)}
}
