package web

import (
	"maps"
	"slices"
	"strconv"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// The forms of the acts beside the usual way are read from the domain: what it takes, in its words. Only what saves typing or mistakes is
// said here: numbers are picked from what is open, and what an undo touches is ticked off.
var shapes = func() map[string][]shape {
	all := maps.Clone(usualShapes)
	for _, name := range dossier.CommandNames() {
		if _, ours := all[name]; !ours {
			all[name] = shapesOf(name)
			continue
		}
		for _, sh := range shapesOf(name) { // what is typed freely comes last in every form
			if sh.kind == "words" {
				all[name] = append(slices.Clone(all[name]), sh)
			}
		}
	}
	return all
}()

func shapesOf(command string) []shape {
	list := []shape{}
	for _, m := range dossier.CommandMembers(command) {
		s := shape{
			name: m.Name, kind: "code", list: m.List, optional: !m.Required, command: command,
			words: Words{dossier.Label("member", m.Name, "vi"), dossier.Label("member", m.Name, "en")},
		}
		switch m.Kind {
		case dossier.TextsMember:
			s.kind, s.hint = "codes", Words{"Cách nhau bằng dấu phẩy.", "Separated by commas."}
		case dossier.TimeMember:
			s.kind, s.hint = "moment", Words{"Ngày/tháng/năm giờ:phút; chỉ ghi ngày là hết ngày đó.", "Day/month/year hour:minute; a date alone means its end."}
		case dossier.NumberMember:
			s.kind, s.min, s.max = "number", m.From, m.To
		case dossier.WordsMember:
			s.kind, s.max, s.hint = "words", m.Most, Words{"Lưu mã hóa trong kho; lịch sử chỉ giữ dấu chứng.", "Kept encrypted in the vault; the history holds a commitment only."}
		case dossier.ObjectMember, dossier.ListMember:
			continue // parts come from the check
		}
		switch {
		case s.list != "":
			s.kind = "radio"
		case m.Name == "number" || m.Name == "paper" || command == signFile && m.Name == "file":
			s.kind = "pick"
		case m.Name == "files":
			s.kind, s.hint = "checks", Words{"Chọn trong các tệp đã đính kèm vào hồ sơ.", "Choose among the files that are attached to the dossier."}
		case command == "undo-act" && m.Name == "act":
			s.kind = "pick"
		case command == "undo-act" && m.Name == "seen":
			s.kind, s.hint = "checks", Words{"Chọn từng hệ quả đã xem; thông báo đính chính sẽ được gửi.", "Tick each one seen; corrected notices will follow."}
		}
		list = append(list, s)
	}
	return list
}

// open lists what a form's number may be, with words that tell them apart.
func (v *visit) open(sh shape, s dossier.State, add func(value, words string)) {
	numbered := func(n int, words string) { add(strconv.Itoa(n), strconv.Itoa(n)+", "+words) }
	if sh.name == "files" {
		for _, f := range v.files(s) {
			add(f.ID, Words{"Tệp %d: %s, %s", "File %d: %s, %s"}.In(v.lang, f.Number, f.Words, f.Size))
		}
		return
	}
	switch sh.command {
	case "finish-work", "report-remediation":
		for _, w := range s.OpenWorks() {
			if sh.command == "finish-work" || w.Kind == dossier.Remediation {
				numbered(w.Number, label("work_kind", string(w.Kind), v.lang))
			}
		}
	case "confirm-payment", "cancel-payment", "refund-payment":
		for _, p := range s.Payments {
			if p.Owed() != (sh.command == "refund-payment") {
				numbered(p.Number, v.Num(int64(p.Amount))+nb+"đồng")
			}
		}
	case "receive-transfer", "refuse-transfer":
		for _, t := range s.OpenTransfers() {
			numbered(t.Number, unitWords(t.To, v.lang))
		}
	case "correct":
		for _, m := range s.Mistakes {
			if m.CorrectedAt.IsZero() {
				numbered(m.Number, codeWords(m.Part))
			}
		}
	case "report-error", "replace", "revoke":
		for _, p := range s.Papers {
			numbered(p.Number, codeWords(p.Code)+", "+label("paper_status", string(p.Status), v.lang))
		}
	case "close-complaint":
		for _, c := range s.Complaints {
			if c.Open() {
				numbered(c.Number, label("complaint_kind", string(c.Kind), v.lang))
			}
		}
	case signFile:
		for i, f := range s.Files {
			add(f.File, Words{"Tệp %d, %s", "File %d, %s"}.In(v.lang, i+1, label("media_type", string(f.Media), v.lang)))
		}
	case "answer-message":
		for _, m := range s.Messages.Open {
			numbered(m.Number, label("message_topic", string(m.Topic), v.lang))
		}
	case "undo-act":
		u, can := s.Undoable()
		switch {
		case !can:
		case sh.name == "act":
			add(u.Act, verb(u.Act, v.lang))
		default:
			for _, c := range u.Consequences {
				add(string(c), label("consequence", string(c), v.lang))
			}
		}
	}
}

// rare acts stand behind a click, so that the usual way is seen at once.
var rare = map[string]bool{
	"transfer": true, "receive-transfer": true, "refuse-transfer": true, "cancel-payment": true, "refund-payment": true, "delegate-decision": true, "decide-by-silence": true,
	"choose-delivery": true, "fail-delivery": true, "apologise-for-delay": true, "urge-unit": true, "undo-act": true, "report-error": true, "correct": true, "replace": true,
	"revoke": true, "link": true, "open-complaint": true, "close-complaint": true, "send-message": true, "answer-message": true, "add-note": true, "attach-file": true, "sign-file": true, "dispose-record": true, "announce-disposal": true, "hand-over-record": true,
	"adjust-submission": true, "record-step": true, "stop": true, "expire-payment": true,
}

// prescribed says whether the dossier's procedure knows the act at all.
func prescribed(name string, s dossier.State) bool {
	var flow procedure.Flow
	if v, ok := procedure.Lookup(s.Procedure); ok {
		flow = v.Flow
	}
	switch name {
	case "publish-notification":
		return flow.Notification
	case "resolve-at-once":
		return flow.Immediate
	case "endorse":
		return len(flow.Approvals) > 1
	case "decide-by-silence":
		return flow.OnSilence == procedure.Granted || flow.OnSilence == procedure.Refused
	}
	return true
}
