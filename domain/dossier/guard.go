package dossier

import (
	"slices"
	"time"

	"dossier/domain"
)

// A Guard stands between a command and its facts. A hard one refuses. A soft one lets the act pass: with a reason code if
// Reason says so, else with the verdict late, or out of flow, on the event. The texts say what is wrong, what would be allowed and how to mend it;
// words in braces are filled in by explain.go.
type Guard struct {
	Code      string
	Soft      bool
	Reason    bool     // soft: passes only with a late reason
	OutOfFlow bool     // soft: the verdict is not late but out of flow
	Live      bool     // does not bind imported history
	Whatever  bool     // can be judged before the command's content is known
	On        []string // commands, empty for all
	Field     string
	Basis     string
	VI, EN    string
	broken    func(question) bool
}

// How far an act may lie from the moment it is entered (policy).
const (
	clockSkew = 5 * time.Second
	prompt    = 5 * time.Minute
	oldest    = 30 * 24 * time.Hour
)

// guards is the law of refusals, in the order in which it is asked.
var guards = slices.Concat(wayGuards, componentGuards, attachGuards, signGuards, statedGuards, windowGuards, transferGuards, workGuards, paymentGuards, decisionGuards, deliveryGuards,
	resultGuards, serviceGuards, linkGuards, retentionGuards, messageGuards, undoGuards, timerGuards, portalGuards, levelGuards)

// wayGuards bind every command, and those of the usual way. The others stand beside what they guard.
var wayGuards = []Guard{
	// May this move be made at all?
	{Code: "import_only", Live: true, broken: question.importedActOnly,
		VI: "“{command}” chỉ dùng khi nhập lịch sử từ hệ thống cũ. Bây giờ có thể: {next}.",
		EN: "“{command}” is only for history imported from an old system. Possible now: {next}."},
	{Code: "after_end", Basis: "NĐ 118/2025, Điều 22", broken: func(q question) bool { return q.stuck && q.s.Status.Ended() },
		VI: "Không thực hiện được “{command}”: hồ sơ đã kết thúc ({status}). Bây giờ có thể: {next}.",
		EN: "“{command}” is not possible: the dossier has ended ({status}). Possible now: {next}."},
	{Code: "wrong_state", broken: func(q question) bool { return q.stuck },
		VI: "Không thực hiện được “{command}” khi hồ sơ ở trạng thái “{status}”. Việc này chỉ làm được khi: {states}. Bây giờ có thể: {next}.",
		EN: "“{command}” is not possible while the dossier is “{status}”. It needs: {states}. Possible now: {next}."},
	{Code: "not_allowed", broken: func(q question) bool { return !q.row.admits(q.x.Actor.Role, q.x.Origin) },
		VI: "Vai trò “{role}” không được thực hiện “{command}”. Hãy chuyển cho: {actors}.",
		EN: "The role “{role}” may not do “{command}”. Hand it to: {actors}."},

	// When was it true?
	{Code: "in_future", Field: "occurred_at", broken: func(q question) bool { return !q.step() && q.at.After(q.x.Now.Add(clockSkew)) },
		VI: "Thời điểm {at} còn chưa đến. Ghi lúc việc đã xảy ra, không muộn hơn bây giờ ({now}).",
		EN: "{at} has not come yet. Give the time at which it happened, not later than now ({now})."},
	{Code: "too_old", Live: true, Field: "occurred_at", broken: func(q question) bool { return q.at.Before(q.x.Now.Add(-oldest)) },
		VI: "Thời điểm {at} đã quá 30 ngày. Chỉ ghi được việc xảy ra từ {oldest} trở đi; việc cũ hơn phải nhập cùng lịch sử hồ sơ.",
		EN: "{at} is more than 30 days ago. Acts can be entered back to {oldest}; older ones come with an import of the dossier's history."},
	{Code: "before_last_change", Field: "occurred_at", broken: func(q question) bool { return !q.step() && q.at.Before(q.s.LastChange) },
		VI: "Thời điểm {at} sớm hơn việc gần nhất của hồ sơ ({last}). Ghi một thời điểm từ {last} trở đi.",
		EN: "{at} lies before the dossier's last act ({last}). Give a time from {last} on."},
	{Code: "late_reason_missing", Soft: true, Reason: true, Live: true, Field: "late_reason",
		broken: func(q question) bool { return q.at.Before(q.x.Now.Add(-prompt)) && !q.undoing() },
		VI:     "Việc xảy ra lúc {at}, ghi lúc {now}, muộn hơn 5 phút. Vẫn ghi được: chọn một lý do ({reasons}).",
		EN:     "It happened at {at} and is entered at {now}, more than 5 minutes later. You can still enter it: choose a reason ({reasons})."},

	// Filing
	{Code: "not_open_for_filing", Live: true, On: []string{"SubmitDossier"}, Field: "procedure", Basis: "NĐ 63/2010, Điều 8",
		broken: func(q question) bool { return !q.x.Procedure.OpenForFiling },
		VI:     "Thủ tục “{procedure}” chỉ để tra cứu vì chưa có thời hạn giải quyết, nên chưa nhận hồ sơ. Có thể chọn thủ tục khác hoặc hỏi Bộ phận Một cửa.",
		EN:     "The procedure “{procedure}” is information only, because no time limit is known for it. Choose another procedure or ask the one-stop unit."},
	{Code: "wrong_channel", Live: true, On: []string{"SubmitDossier"}, Field: "channel", Basis: "NĐ 118/2025, Điều 14",
		broken: func(q question) bool {
			return (q.c.(SubmitDossier).Channel == Online) != (q.x.Actor.Role == domain.Applicant)
		},
		VI: "Hồ sơ trực tuyến do người nộp tự gửi; hồ sơ tại quầy và qua bưu chính do cán bộ một cửa nhập. Chọn lại kênh nộp.",
		EN: "Online dossiers are sent by the applicant; those at the counter and by post are entered by a reception officer. Choose the other channel."},

	// Supplements
	{Code: "second_supplement", Whatever: true, On: []string{"RequestSupplement"}, Basis: "NĐ 118/2025, Điều 11.2c và 16.3",
		broken: func(q question) bool { return q.stage() == AtReception && q.asked() },
		VI:     "Chưa gửi được: khi tiếp nhận đã yêu cầu bổ sung ({asked}), mỗi bước chỉ được {most_asks}. Có thể làm: tiếp nhận, hoặc từ chối tiếp nhận.",
		EN:     "Not sent: a supplement was already requested at reception ({asked}), and each stage may ask {most_asks}. You can: accept the dossier, or refuse reception."},
	{Code: "second_supplement", Whatever: true, On: []string{"RequestSupplement"}, Basis: "NĐ 118/2025, Điều 19.5",
		broken: func(q question) bool { return q.stage() == AtAppraisal && q.asked() },
		VI:     "Chưa gửi được: bước thẩm định đã yêu cầu bổ sung ({asked}), mỗi bước chỉ được {most_asks}. Có thể làm: trình duyệt, hoặc trình từ chối.",
		EN:     "Not sent: appraisal already asked ({asked}), and each stage may ask {most_asks}. You can: submit for approval, or propose refusal."},
	{Code: "window_too_short", Live: true, On: []string{"RequestSupplement"}, Field: "window_days", Basis: "NĐ 118/2025, Điều 19.5",
		broken: func(q question) bool { return q.window() < q.lawfulWindow() },
		VI:     "Người nộp có ít nhất {days} ngày để bổ sung. Ghi từ {days} ngày trở lên, hoặc bỏ trống.",
		EN:     "The applicant has at least {days} days to answer. Give {days} or more, or leave it out."},
	{Code: "item_not_asked", On: []string{"SubmitSupplement"}, Field: "items",
		broken: func(q question) bool { return len(q.notAsked()) > 0 },
		VI:     "Mục “{extra}” không nằm trong yêu cầu bổ sung. Các mục được yêu cầu: {items}.",
		EN:     "The item “{extra}” was not asked for. Items asked for: {items}."},
	{Code: "items_unanswered", Whatever: true, On: []string{"AcceptSupplement"}, Basis: "NĐ 118/2025, Điều 19.5",
		broken: func(q question) bool { return len(q.missing()) > 0 },
		VI:     "Bản bổ sung chưa đủ, còn thiếu: {missing}. Tiếp nhận được khi người nộp đã gửi đủ.",
		EN:     "The supplement is not complete; still missing: {missing}. It can be accepted once everything has come."},
	{Code: "supplement_answered", Whatever: true, On: []string{"ExpireSupplement"}, Basis: "NĐ 118/2025, Điều 19.5",
		broken: func(q question) bool { open, waiting := q.s.OpenSupplement(); return waiting && open.Complete() },
		VI:     "Không kết thúc được vì hết hạn: người nộp đã bổ sung đủ. Tiếp nhận phần bổ sung, hồ sơ đi tiếp.",
		EN:     "It cannot expire: everything that was asked for has come. Accept the supplement and go on."},
	{Code: "window_not_over", Live: true, Whatever: true, On: []string{"ExpireSupplement"}, Basis: "NĐ 118/2025, Điều 19.5",
		broken: func(q question) bool {
			open, waiting := q.s.OpenSupplement()
			return !q.x.Now.IsZero() && waiting && !q.at.After(open.Until)
		},
		VI: "Chưa xác nhận hết hạn được: người nộp còn đến {until}. Chờ hết hạn.",
		EN: "The window is not over: the applicant has until {until}. Wait until then."},
	{Code: "window_not_over", On: []string{"RefuseReception"}, Field: "reason", Basis: "NĐ 118/2025, Điều 19.5",
		broken: question.expiredTooSoon,
		VI:     "Chưa từ chối được với lý do hết hạn bổ sung: không có yêu cầu bổ sung nào đã quá hạn (hạn hiện tại: {until}). Chờ hết hạn, hoặc chọn lý do khác.",
		EN:     "Expired supplement is not a reason yet: no request is past its window (open until: {until}). Wait until then, or choose another reason."},
	{Code: "supplement_after_window", Soft: true, On: []string{"SubmitSupplement"}, Basis: "NĐ 118/2025, Điều 19.5",
		broken: func(q question) bool { open, ok := q.s.OpenSupplement(); return ok && q.at.After(open.Until) },
		VI:     "Bản bổ sung đến sau hạn {until}. Vẫn nhận; việc này được đánh dấu muộn.",
		EN:     "The supplement came after {until}. It is taken in and marked late."},

	{Code: "part_not_in_items", On: []string{"RequestSupplement"}, Field: "parts",
		broken: func(q question) bool {
			c := q.c.(RequestSupplement)
			return slices.ContainsFunc(c.Parts, func(p Part) bool { return !has(c.Items, p.Code) })
		},
		VI: "Có thành phần được mô tả nhưng không nằm trong các mục yêu cầu. Ghi mã đó vào các mục, hoặc bỏ phần mô tả.",
		EN: "A part is described that is not among the items asked for. Put its code among the items, or leave the description out."},
	{Code: "list_full", broken: question.full,
		VI: "Hồ sơ đã có 99 mục loại này, nhiều nhất có thể. Kết thúc các mục đang mở thay vì thêm mục mới.",
		EN: "The dossier has 99 of these, as many as it can. Close what is open instead of adding more."},

	// Appraisal and opinions
	{Code: "not_forwarded", Whatever: true, On: []string{"AssignOfficer"}, Basis: "NĐ 118/2025, Điều 18, 19.1",
		broken: func(q question) bool { return q.s.Status == Verifying && q.s.BackTo == Accepted },
		VI:     "Chưa phân công được: hồ sơ còn ở Bộ phận Một cửa để lấy ý kiến. Ghi ý kiến trả lời, chuyển xử lý, rồi phân công.",
		EN:     "Nobody can be assigned yet: the dossier is still with the one-stop unit, waiting for an opinion. Record it, forward the dossier, then assign."},
	{Code: "not_assignee", Live: true, Whatever: true, On: []string{"StartAppraisal"}, Basis: "NĐ 118/2025, Điều 19.1",
		broken: func(q question) bool { return q.x.Actor.Account != "" && q.x.Actor.Account != q.s.Officer },
		VI:     "Hồ sơ được phân công cho {officer}; chỉ người được phân công bắt đầu thẩm định. Có thể đề nghị lãnh đạo phòng phân công lại.",
		EN:     "The dossier is assigned to {officer}; only the assignee starts the appraisal. The division head can reassign it."},
	{Code: "due_missing", Live: true, On: []string{"RequestOpinion"}, Field: "due", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { return q.c.(RequestOpinion).Due.IsZero() },
		VI:     "Chưa hỏi được: thiếu thời hạn trả lời. Ghi ngày, giờ mà đơn vị được hỏi phải trả lời.",
		EN:     "Not asked: there is no time to answer by. Give the date and time by which the other unit must answer."},
	{Code: "due_in_past", Live: true, On: []string{"RequestOpinion"}, Field: "due", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { return !q.c.(RequestOpinion).Due.After(q.at) },
		VI:     "Thời hạn trả lời phải sau lúc hỏi ({at}).",
		EN:     "The answer must be due after the request ({at})."},
	{Code: "opinion_already_asked", On: []string{"RequestOpinion"}, Field: "unit", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool {
			return slices.ContainsFunc(q.s.OpenOpinions(), func(o Opinion) bool { return o.asks(q.c.(RequestOpinion)) })
		},
		VI: "Đơn vị này đang được hỏi cùng nội dung và chưa trả lời. Chờ ý kiến, hoặc hỏi nội dung khác.",
		EN: "This unit has the same question before it and has not answered. Wait for it, or ask about another subject."},
	{Code: "no_open_request", On: []string{"RecordOpinion"}, Field: "number", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { _, known := q.opinion(); return !known },
		VI:     "Không có yêu cầu ý kiến mang số này. Các yêu cầu đang chờ trả lời: {open}.",
		EN:     "There is no request for an opinion with this number. Requests awaiting an answer: {open}."},
	{Code: "opinion_answered", On: []string{"RecordOpinion"}, Field: "number", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { o, _ := q.opinion(); return !o.Open() },
		VI:     "Yêu cầu ý kiến này đã có câu trả lời khác. Các yêu cầu đang chờ trả lời: {open}.",
		EN:     "This request already has another answer. Requests awaiting an answer: {open}."},
	{Code: "answer_not_due", Live: true, On: []string{"RecordOpinion"}, Field: "verdict", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool {
			o, _ := q.opinion()
			return q.c.(RecordOpinion).Verdict == NoAnswer && !q.at.After(o.Due)
		},
		VI: "Chưa ghi là không trả lời được: đơn vị được hỏi còn thời gian. Chờ hết hạn trả lời.",
		EN: "It is too early to say that nobody answered: the unit asked still has time. Wait until the answer is due."},
	{Code: "opinion_after_due", Soft: true, On: []string{"RecordOpinion"}, Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { o, _ := q.opinion(); return !o.Due.IsZero() && q.at.After(o.Due) },
		VI:     "Ý kiến đến sau thời hạn trả lời. Vẫn ghi nhận; việc này được đánh dấu muộn.",
		EN:     "The opinion came after its due time. It is recorded and marked late."},

	// Extension, once, before it is late; withdrawal and stop
	{Code: "second_extension", Whatever: true, On: []string{"ProposeExtension", "ApproveExtension"}, Basis: "NĐ 118/2025, Điều 19.6",
		broken: func(q question) bool { return q.s.Extension.Approved.Done() },
		VI:     "Không gia hạn thêm được: hồ sơ đã gia hạn một lần ({extended}). Có thể làm: gửi thư xin lỗi với ngày hẹn lại; hồ sơ vẫn tính theo hạn đã gia hạn.",
		EN:     "It cannot be extended again: it was once already (to {extended}). You can: send an apology with a promised date; the extended date still counts."},
	{Code: "no_extension_proposed", Whatever: true, On: []string{"ApproveExtension"}, Basis: "NĐ 118/2025, Điều 19.6",
		broken: func(q question) bool { return !q.s.Extension.Proposed.Done() },
		VI:     "Chưa có đề nghị gia hạn. Chuyên viên thụ lý đề nghị trước, kèm lý do và ngày mới.",
		EN:     "No extension was proposed. The case officer proposes one first, with a reason and a new date."},
	{Code: "no_due_date", Whatever: true, On: []string{"ProposeExtension", "ApproveExtension"}, Basis: "NĐ 118/2025, Điều 19.6",
		broken: func(q question) bool { return q.s.Due.IsZero() },
		VI:     "Chưa gia hạn được: hồ sơ chưa có ngày hẹn trả.",
		EN:     "It cannot be extended: the dossier has no due date yet."},
	{Code: "extension_when_late", Live: true, On: []string{"ProposeExtension", "ApproveExtension"}, Basis: "NĐ 118/2025, Điều 19.6",
		broken: func(q question) bool { return !q.s.Due.IsZero() && q.at.After(q.s.Due) },
		VI:     "Không gia hạn được: đã quá hạn {due}. Có thể làm: gửi thư xin lỗi với ngày hẹn lại; hồ sơ vẫn tính là quá hạn.",
		EN:     "It cannot be extended: it was due {due}. You can: send an apology with a promised date; it still counts as late."},
	{Code: "extension_not_later", On: []string{"ProposeExtension"}, Field: "due", Basis: "NĐ 118/2025, Điều 19.6",
		broken: func(q question) bool { return !q.s.Due.IsZero() && !q.c.(ProposeExtension).Due.After(q.s.Due) },
		VI:     "Ngày mới phải sau ngày hẹn trả hiện tại ({due}).",
		EN:     "The new date must be after the present due date ({due})."},
	{Code: "extension_short_notice", Soft: true, Live: true, On: []string{"ProposeExtension"}, Basis: "NĐ 118/2025, Điều 19.6",
		broken: func(q question) bool { return !q.s.Due.IsZero() && q.at.After(q.s.Due.Add(-24*time.Hour)) },
		VI:     "Đề nghị gia hạn phải gửi trước hạn ít nhất 1 ngày (hạn {due}). Vẫn gửi được; việc này được đánh dấu muộn.",
		EN:     "An extension is to be proposed at least one day before the due date ({due}). It is sent all the same and marked late."},
	{Code: "follows_by_itself", On: []string{"StopDossier"}, Field: "reason",
		broken: func(q question) bool {
			r := q.c.(StopDossier).Reason
			return r == ApplicantWithdrew || r == WindowExpired || r == PaymentExpired
		},
		VI: "Lý do này chỉ phát sinh từ việc khác: chấp nhận rút hồ sơ, hoặc xác nhận hết hạn bổ sung. Chọn: có trở ngại pháp lý, hoặc hồ sơ không còn giá trị.",
		EN: "This reason follows from another act: accepting a withdrawal, or confirming that the window has passed. Choose legal impediment or void."},
	moveGuard,
}

// Guards is a copy of the law of refusals.
func Guards() []Guard { return slices.Clone(guards) }

// GuardCodes lists the codes of all guards, which are also the reasons for which an imported event is kept as an irregular step.
func GuardCodes() []string {
	var codes []string
	for _, g := range guards {
		if !slices.Contains(codes, g.Code) {
			codes = append(codes, g.Code)
		}
	}
	return codes
}

// guarded asks the guards in order: the first that refuses wins, and the soft ones that let pass leave their verdict.
func (q *question) guarded() error {
	for _, g := range guardsOn[q.name()] {
		switch {
		case !g.binds(q) || !g.broken(*q):
		case !g.Soft, g.Reason && q.x.LateReason == "":
			return q.refusal(*g)
		case g.OutOfFlow:
			q.outOfFlow = true
		case !g.Reason:
			q.late = true
		}
	}
	return nil
}

// Warnings lists what the soft guards have to say about an act before it is sent: it will pass, with a reason or marked late.
func Warnings(s State, c Command, x Context) []*domain.Refusal {
	q := question{s: s, c: c, x: x, at: x.At(s, c)}
	var warnings []*domain.Refusal
	for _, g := range guardsOn[q.name()] {
		if g.Soft && g.binds(&q) && g.broken(q) {
			warnings = append(warnings, q.refusal(*g))
		}
	}
	return warnings
}

// refusedWhatever asks only the guards that need not know the command's content.
func (q question) refusedWhatever() *domain.Refusal {
	on := guardsOn[q.name()]
	if i := slices.IndexFunc(on, q.blockedBy); i >= 0 {
		return q.refusal(*on[i])
	}
	return nil
}

func (q question) blockedBy(g *Guard) bool { return g.Whatever && g.binds(&q) && g.broken(q) }

func (g *Guard) binds(q *question) bool {
	return !(g.Live && q.x.imports()) && g.about(q.name())
}

func (g *Guard) about(command string) bool { return len(g.On) == 0 || slices.Contains(g.On, command) }

// guardsOn are the guards of each command, in the same order: most look at one.
var guardsOn = func() map[string][]*Guard {
	on := map[string][]*Guard{}
	for _, c := range commands {
		for i := range guards {
			if guards[i].about(c.Name()) {
				on[c.Name()] = append(on[c.Name()], &guards[i])
			}
		}
	}
	return on
}()
