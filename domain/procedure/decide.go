package procedure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"dossier/domain"
)

// Decide answers a command with facts, with nothing when it is already so, or with a *domain.Refusal or *domain.Invalid.
func Decide(p Procedure, wish Command) ([]Event, error) {
	switch w := wish.(type) {
	case Publish:
		return publish(p, w)
	case Withdraw:
		return withdraw(p, w)
	}
	panic(fmt.Sprintf("decide: a command outside the sealed set: %T", wish))
}

func publish(p Procedure, w Publish) ([]Event, error) {
	if findings := Check(w.Version, w.Cases); len(findings) > 0 {
		f := findings[0]
		return nil, &domain.Invalid{Code: f.Code, Field: f.Path, VI: f.VI, EN: f.EN}
	}
	if bad := w.Decision.check(); bad != nil {
		return nil, bad
	}
	last, some := p.Newest()
	switch {
	case some && p.ID != w.Version.ID:
		return nil, invalid("another_procedure", "id", "mã của thủ tục này: "+p.ID, "the id of this procedure: "+p.ID)
	case some && last.Decision == w.Decision && last.equal(w.Version):
		return nil, nil
	case slices.ContainsFunc(p.Versions, func(v Version) bool { return v.Decision.No == w.Decision.No }):
		return nil, &domain.Refusal{Code: "decision_used", Field: "publication.decision", Basis: "NĐ 63/2010, Điều 8",
			VI: fmt.Sprintf("Quyết định %s đã công bố một nội dung khác của thủ tục này; nội dung đã công bố không sửa được. Ghi số của quyết định mới.", w.Decision.No),
			EN: fmt.Sprintf("Decision %s published another wording of this procedure, and what is published is never changed. Give the number of the new decision.", w.Decision.No)}
	case some && w.Decision.ValidFrom < last.Decision.ValidFrom:
		return nil, &domain.Refusal{Code: "valid_before_former", Field: "publication.valid_from", Basis: "NĐ 63/2010, Điều 8",
			VI: fmt.Sprintf("Bản trước có hiệu lực từ %s; bản mới phải có hiệu lực từ ngày đó trở đi.", last.Decision.ValidFrom),
			EN: fmt.Sprintf("The version before is valid from %s; the new one must be valid from that day on or later.", last.Decision.ValidFrom)}
	}
	return []Event{Published{len(p.Versions) + 1, w.Decision, w.Version}}, nil
}

func withdraw(p Procedure, w Withdraw) ([]Event, error) {
	if bad := (Decision{w.Decision, w.DecidedOn, w.From}).check(); bad != nil {
		return nil, bad
	}
	if !p.Exists() {
		return nil, &domain.Refusal{Code: "never_published",
			VI: "Thủ tục này chưa được công bố; công bố trước rồi mới bãi bỏ được.", EN: "This procedure was never published; publish it before it is withdrawn."}
	}
	if from, gone := p.Withdrawn(); gone && from == w.From && p.WithdrawnFor.Decision == w.Decision {
		return nil, nil
	}
	return []Event{Withdrawn{w.Decision, w.DecidedOn, w.From}}, nil
}

// DecideSwitch turns a switch. One that stands as wished stays.
func DecideSwitch(s Switch, w Turn) ([]Event, error) {
	reasons := CloseReasons()
	if w.Open {
		reasons = OpenReasons()
	}
	switch {
	case !code(w.Procedure):
		return nil, invalid("bad_code", "procedure", "mã thủ tục", "a procedure's id")
	case w.Unit != "" && !code(w.Unit):
		return nil, invalid("bad_code", "unit", "mã đơn vị", "a unit's code")
	case !slices.Contains(reasons, w.Reason):
		return nil, invalid("not_in_list", "reason", listed(reasons), listed(reasons))
	case !decisionNo(w.Basis):
		return nil, invalid("basis_missing", "basis", "số văn bản làm căn cứ", "the number of the document it rests on")
	case s.Turned() && s.Open == w.Open:
		return nil, nil
	case w.Open:
		return []Event{SwitchOpened{w.Procedure, w.Unit, w.Reason, w.Basis}}, nil
	}
	return []Event{SwitchClosed{w.Procedure, w.Unit, w.Reason, w.Basis}}, nil
}

func (d Decision) check() *domain.Invalid {
	switch {
	case !decisionNo(d.No):
		return invalid("decision_missing", "publication.decision", "số quyết định công bố, ví dụ 3578/QĐ-BNNMT", "the number of the publication decision, such as 3578/QĐ-BNNMT")
	case d.DecidedOn == 0:
		return invalid("missing", "publication.decided_on", "ngày ban hành quyết định", "the day of the decision")
	case d.ValidFrom == 0:
		return invalid("missing", "publication.valid_from", "ngày có hiệu lực", "the day from which it is valid")
	}
	return nil
}

// equal compares what is stored of two versions.
func (v Version) equal(w Version) bool {
	a, errA := json.Marshal(v)
	b, errB := json.Marshal(w)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

var (
	codes     = regexp.MustCompile(`^[a-z0-9][a-z0-9._:-]{0,63}$`)
	names     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`) // of facts and of fields in forms
	decisions = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}./_-]{0,63}$`)
)

func code(s string) bool       { return codes.MatchString(s) }
func name(s string) bool       { return names.MatchString(s) }
func decisionNo(s string) bool { return decisions.MatchString(s) }

func invalid(code, field, vi, en string) *domain.Invalid {
	return &domain.Invalid{Code: code, Field: field, VI: "Giá trị không nhận được; nhận " + vi + ".", EN: "Not accepted; give " + en + "."}
}
