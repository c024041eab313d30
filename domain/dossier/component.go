package dossier

import (
	"slices"
	"time"
)

// A dossier is checked part by part (Decree 118/2025, Articles 17 and 19.5): so a request for a supplement is one, full and exact.

// CheckVerdict is what is found of one part.
type CheckVerdict string

// The verdicts. A part may be sufficient without a file: looked up in a database, or not needed in this case.
const (
	Sufficient   CheckVerdict = "sufficient"
	Insufficient CheckVerdict = "insufficient"
)

func (CheckVerdict) values() []string {
	return []string{"sufficient", "insufficient", "looked_up", "not_needed"}
}

// CheckComponent says what is found of one part of the dossier. A later check of the same part takes the place of the one before.
type CheckComponent struct {
	Component Code             `json:"component"`
	Verdict   CheckVerdict     `json:"verdict"`
	Reason    SupplementReason `json:"reason,omitempty"` // required when it is insufficient
	Text      Text             `json:"text,omitzero"`
}

// ComponentChecked says what was found of one part.
type ComponentChecked struct {
	Component Code             `json:"component"`
	Verdict   CheckVerdict     `json:"verdict"`
	Reason    SupplementReason `json:"reason,omitempty"`
	Text      Text             `json:"text,omitzero"`
	Of
}

// CheckedComponent is one part of a dossier as it was last checked.
type CheckedComponent struct {
	Code    string           `json:"code"`
	Verdict CheckVerdict     `json:"verdict"`
	Reason  SupplementReason `json:"reason,omitempty"`
	By      string           `json:"by"`
	At      time.Time        `json:"at"`
}

// Insufficient lists the parts that were found insufficient and have not been brought anew.
func (s State) Insufficient() []string {
	var parts []string
	for _, c := range s.Components {
		if c.Verdict == Insufficient {
			parts = append(parts, c.Code)
		}
	}
	return parts
}

func (c CheckComponent) already(q question) bool {
	return slices.ContainsFunc(q.s.Components, func(p CheckedComponent) bool {
		return p.Code == string(c.Component) && p.Verdict == c.Verdict && p.Reason == c.Reason && p.By == q.x.Actor.Account
	})
}

func (c CheckComponent) facts(q question) []Event {
	return []Event{ComponentChecked{c.Component, c.Verdict, c.Reason, c.Text, q.of()}}
}

func (e ComponentChecked) evolve(s State, act Act) State {
	s.Components = append(without(s.Components, e.Component), CheckedComponent{string(e.Component), e.Verdict, e.Reason, act.By, act.At})
	return s
}

func (ComponentChecked) beside() {}

// without leaves out the check of a part: it was checked again, or brought anew.
func without(list []CheckedComponent, part Code) []CheckedComponent {
	return left(list, func(c CheckedComponent) bool { return c.Code == string(part) })
}

// left is a list without some of its entries, nil when none is left.
func left[T any](list []T, out func(T) bool) []T {
	var rest []T
	for _, one := range list {
		if !out(one) {
			rest = append(rest, one)
		}
	}
	return rest
}

func (CheckComponent) Name() string { return "CheckComponent" }
func (CheckComponent) command()     {}

var componentGuards = []Guard{
	{Code: "check_reason_missing", On: []string{"CheckComponent"}, Field: "reason", Basis: "NĐ 118/2025, Điều 17.1",
		broken: func(q question) bool {
			c := q.c.(CheckComponent)
			return c.Verdict == Insufficient && c.Reason == ""
		},
		VI: "Chưa ghi được: thành phần chưa đạt phải kèm lý do. Chọn lý do trong danh sách.",
		EN: "Not recorded: a part that is insufficient needs a reason. Choose one from the list."},
	{Code: "too_many_parts", On: []string{"CheckComponent"}, Field: "component",
		broken: func(q question) bool { return len(q.s.Components) >= maxItems },
		VI:     "Hồ sơ đã có đủ số thành phần được kiểm tra. Kiểm tra lại một thành phần đã ghi, hoặc gộp các thành phần.",
		EN:     "As many parts as a dossier can have were checked. Check one of them again, or take parts together."},
	{Code: "component_insufficient", Live: true, Whatever: true, On: []string{"AcceptDossier", "ResolveAtOnce"}, Basis: "NĐ 118/2025, Điều 17.1",
		broken: func(q question) bool { return len(q.s.Insufficient()) > 0 },
		VI:     "Chưa tiếp nhận được: các thành phần chưa đạt: {insufficient}. Có thể làm: yêu cầu bổ sung, từ chối tiếp nhận, hoặc kiểm tra lại thành phần đó.",
		EN:     "It cannot be accepted: these parts are insufficient: {insufficient}. You can: request a supplement, refuse reception, or check the part again."},
}
