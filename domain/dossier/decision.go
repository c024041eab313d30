package dossier

import (
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/procedure"
)

// A decision may pass several levels, may be delegated in time (Decree 30/2020, Article 13: KT., TL., TUQ.), may follow from silence,
// and is not needed for a notification. Approve, sign, number and issue are four acts.

// SignatureBlock says in whose place somebody signs.
type SignatureBlock string

func (SignatureBlock) values() []string { return []string{"kt", "tl", "tuq"} }

// Endorse agrees with the proposal at a level below the one that decides.
type Endorse struct {
	Outcome Proposal `json:"outcome"`
	Text    Text     `json:"text,omitzero"`
}

// DelegateDecision lets another account decide and sign until a moment.
type DelegateDecision struct {
	To    Code           `json:"to"` // an account
	Block SignatureBlock `json:"block"`
	Since time.Time      `json:"since,omitzero"` // without it: from now on
	Until time.Time      `json:"until"`
}

// DecideBySilence takes what the procedure says where no decision is taken in time.
type DecideBySilence struct{}

// NumberResult enters the signed result in the clerk's register.
type NumberResult struct{}

// PublishNotification ends a notification: it is published, and nobody decides.
type PublishNotification struct{}

// ResolveAtOnce receives and resolves in one act what the procedure resolves immediately (Decree 118/2025, Article 17.4).
type ResolveAtOnce struct {
	Outcome Proposal `json:"outcome"`
}

// ProposalEndorsed agrees at one level. Levels count from 1, the lowest.
type ProposalEndorsed struct {
	Level   int      `json:"level"`
	Outcome Proposal `json:"outcome"`
	Text    Text     `json:"text,omitzero"`
	Of
}

// DecisionDelegated lets another account decide and sign in a window of time.
type DecisionDelegated struct {
	To    Code           `json:"to"`
	Block SignatureBlock `json:"block"`
	Since time.Time      `json:"since"`
	Until time.Time      `json:"until"`
	Of
}

// NotificationPublished ends a notification: the dossier is resolved.
type NotificationPublished struct {
	Of
}

// Endorsement is one level that has agreed.
type Endorsement struct {
	Level   int       `json:"level"`
	Outcome Proposal  `json:"outcome"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Delegation is a window in which somebody decides in another's place.
type Delegation struct {
	To    string         `json:"to"`
	Block SignatureBlock `json:"block"`
	By    string         `json:"by"`
	Since time.Time      `json:"since"`
	Until time.Time      `json:"until"`
}

// delegated is the delegation under which the actor acts now.
func (q question) delegated() (Delegation, bool) {
	for _, d := range q.s.Delegations {
		if d.To == q.x.Actor.Account && !q.at.Before(d.Since) && !q.at.After(d.Until) {
			return d, true
		}
	}
	for _, d := range q.x.Delegations {
		if d.To == q.x.Actor.Account && !q.at.Before(d.Since) && !q.at.After(d.Until) && q.mayGive(d.By) {
			return d, true
		}
	}
	return Delegation{}, false
}

// mayGive says whether the giver could decide this dossier in person: nobody hands on more than that.
func (q question) mayGive(by string) bool {
	appraised := has(q.s.Appraisers, by) && !q.sameHand()
	endorsed := slices.ContainsFunc(q.s.Endorsed, func(e Endorsement) bool { return e.By == by })
	return !appraised && !endorsed
}

// below is how many levels must agree before the one that decides.
func (q question) below() int { return max(0, len(q.flow().Approvals)-1) }

// level is the one whose turn it is.
func (q question) level() (procedure.Approval, bool) {
	n := len(q.s.Endorsed)
	if n >= q.below() {
		return procedure.Approval{}, false
	}
	return q.flow().Approvals[n], true
}

// sameHand says whether the version lets who appraised decide.
func (q question) sameHand() bool { return q.flow().Immediate && q.flow().SameHand }

func (q question) endorsedBefore() bool {
	return slices.ContainsFunc(q.s.Endorsed, func(e Endorsement) bool { return e.By == q.x.Actor.Account })
}

func (c Endorse) already(q question) bool {
	n := len(q.s.Endorsed)
	return n > 0 && q.s.Endorsed[n-1].By == q.x.Actor.Account && q.s.Endorsed[n-1].Outcome == c.Outcome
}

func (c Endorse) facts(q question) []Event {
	return []Event{ProposalEndorsed{len(q.s.Endorsed) + 1, c.Outcome, c.Text, q.of()}}
}

func (c DelegateDecision) already(q question) bool {
	return slices.ContainsFunc(q.s.Delegations, func(d Delegation) bool {
		return d.To == string(c.To) && d.Block == c.Block && d.By == q.x.Actor.Account && d.Until.Equal(instant(c.Until))
	})
}

func (c DelegateDecision) facts(q question) []Event {
	since := instant(c.Since)
	if since.IsZero() {
		since = q.at
	}
	return []Event{DecisionDelegated{c.To, c.Block, since, instant(c.Until), q.of()}}
}

func (c DecideBySilence) already(q question) bool { return q.mine(q.s.Decided) }

func (c DecideBySilence) facts(q question) []Event {
	outcome := Grant
	if q.flow().OnSilence == procedure.Refused {
		outcome = Refuse
	}
	return []Event{DecisionApproved{Outcome: outcome, Silence: true, Of: q.of()}}
}

func (c NumberResult) already(q question) bool        { return q.mine(q.s.Numbered) }
func (c PublishNotification) already(q question) bool { return q.mine(q.s.Resolved) }
func (c ResolveAtOnce) already(q question) bool {
	return q.mine(q.s.Issued) && q.mine(q.s.Accepted) && q.s.Decision == c.Outcome
}

func (c NumberResult) facts(q question) []Event        { return []Event{ResultNumbered{q.of()}} }
func (c PublishNotification) facts(q question) []Event { return []Event{NotificationPublished{q.of()}} }

func (c ResolveAtOnce) facts(q question) []Event {
	of := q.of()
	return append([]Event{
		DossierAccepted{ProcedureVersion: q.s.ProcedureVersion, Term: q.term(q.at), Late: q.late, Of: of},
		DecisionApproved{Outcome: c.Outcome, Of: of}, ResultSigned{Means: OnPaper, Of: of}, ResultNumbered{of}, ResultIssued{of},
	}, q.papers(c.Outcome)...)
}

// decides is the approver's decision, in whose place it may be.
func (c Approve) decides(q question) Event {
	d, _ := q.delegated()
	return DecisionApproved{Outcome: c.Outcome, Block: d.Block, For: Code(d.By), Of: q.of()}
}

// issues is the clerk's act. History from elsewhere may know one act for numbering and issuing.
func (c IssueResult) issues(q question) []Event {
	switch {
	case !q.x.imports():
		return append([]Event{ResultIssued{q.of()}}, q.papers(q.s.Decision)...)
	case !q.s.Numbered.Done():
		return []Event{ResultNumbered{q.of()}, ResultIssued{q.of()}}
	}
	return []Event{ResultIssued{q.of()}}
}

func (e ProposalEndorsed) evolve(s State, act Act) State {
	s.Endorsed = append(slices.Clone(s.Endorsed), Endorsement{e.Level, e.Outcome, act.By, act.At})
	return s
}

func (e DecisionDelegated) evolve(s State, act Act) State {
	s.Delegations = append(slices.Clone(s.Delegations), Delegation{string(e.To), e.Block, act.By, instant(e.Since), instant(e.Until)})
	return s
}

func (DecisionDelegated) beside() {}

func (e NotificationPublished) evolve(s State, act Act) State {
	s.Status, s.Resolved, s.Outcome = Resolved, act, Published
	return s
}

func (Endorse) Name() string             { return "Endorse" }
func (DelegateDecision) Name() string    { return "DelegateDecision" }
func (DecideBySilence) Name() string     { return "DecideBySilence" }
func (NumberResult) Name() string        { return "NumberResult" }
func (PublishNotification) Name() string { return "PublishNotification" }
func (ResolveAtOnce) Name() string       { return "ResolveAtOnce" }

func (Endorse) command()             {}
func (DelegateDecision) command()    {}
func (DecideBySilence) command()     {}
func (NumberResult) command()        {}
func (PublishNotification) command() {}
func (ResolveAtOnce) command()       {}

var decisionGuards = []Guard{
	{Code: "ends_as_published", Live: true, On: []string{"SubmitForApproval"}, Basis: "NĐ 118/2025, Điều 19.3",
		broken: func(q question) bool { return q.flow().Notification },
		VI:     "Thủ tục này là thông báo, không cần duyệt. Kiểm tra xong thì công bố.",
		EN:     "This procedure is a notification and needs no decision. Publish it once it is checked."},
	{Code: "not_a_notification", Live: true, On: []string{"PublishNotification"}, Basis: "NĐ 118/2025, Điều 19.3",
		broken: func(q question) bool { return !q.flow().Notification },
		VI:     "Thủ tục này kết thúc bằng quyết định, không phải công bố thông báo. Trình duyệt theo trình tự.",
		EN:     "This procedure ends with a decision, not with a publication. Submit it for approval as usual."},
	{Code: "not_immediate", Live: true, On: []string{"ResolveAtOnce"}, Basis: "NĐ 118/2025, Điều 17.4",
		broken: func(q question) bool { return !q.flow().Immediate },
		VI:     "Thủ tục này không giải quyết ngay. Tiếp nhận, rồi chuyển xử lý theo trình tự.",
		EN:     "This procedure is not resolved at once. Accept it, then forward it as usual."},
	{Code: "hands_apart", Live: true, On: []string{"ResolveAtOnce"}, Basis: "NĐ 118/2025, Điều 17.4",
		broken: func(q question) bool { return !q.flow().SameHand },
		VI:     "Thủ tục này giải quyết ngay nhưng người tiếp nhận không được tự quyết định. Tiếp nhận, rồi người khác duyệt và ký.",
		EN:     "This procedure is resolved at once, but who receives may not decide alone. Accept it, then let others approve and sign."},
	{Code: "appraiser_decides", Live: true, Whatever: true, On: []string{"Approve", "SignResult", "Endorse", "DecideBySilence"},
		broken: func(q question) bool { return has(q.s.Appraisers, q.x.Actor.Account) && !q.sameHand() },
		VI:     "Người đã thẩm định hồ sơ không được duyệt hoặc ký. Chuyển cho người có thẩm quyền khác.",
		EN:     "Whoever appraised the dossier may not approve or sign it. Hand it to another approver."},
	{Code: "not_delegated", Live: true, Whatever: true, On: []string{"Approve", "SignResult"}, Basis: "NĐ 30/2020, Điều 13",
		broken: func(q question) bool {
			_, now := q.delegated()
			return q.x.Actor.Role == domain.DivisionHead && !now
		},
		VI: "Lãnh đạo phòng chỉ duyệt, ký khi được ủy quyền và trong thời hạn ủy quyền. Lãnh đạo đơn vị ủy quyền trước, hoặc tự duyệt.",
		EN: "A division head approves and signs only under a delegation, and while it lasts. The approver delegates first, or decides in person."},
	{Code: "delegation_in_past", On: []string{"DelegateDecision"}, Field: "until", Basis: "NĐ 30/2020, Điều 13",
		broken: func(q question) bool {
			c := q.c.(DelegateDecision)
			return !c.Until.After(q.at) || c.Since.After(c.Until)
		},
		VI: "Thời hạn ủy quyền phải kết thúc sau lúc này ({at}) và sau khi bắt đầu. Ghi lại thời hạn.",
		EN: "The delegation must end after now ({at}) and after it begins. Give another time."},
	{Code: "delegate_appraised", Live: true, On: []string{"DelegateDecision"}, Field: "to", Basis: "NĐ 30/2020, Điều 13",
		broken: func(q question) bool { return has(q.s.Appraisers, string(q.c.(DelegateDecision).To)) },
		VI:     "Người được ủy quyền đã thẩm định hồ sơ này nên không được quyết định. Chọn người khác.",
		EN:     "The account named has appraised this dossier and may not decide it. Choose another."},
	{Code: "no_level_left", Live: true, On: []string{"Endorse"}, Basis: "NĐ 118/2025, Điều 19.3",
		broken: func(q question) bool { _, left := q.level(); return !left },
		VI:     "Không còn cấp nào phải cho ý kiến trước khi quyết định. Bước tiếp theo: người có thẩm quyền duyệt.",
		EN:     "No level has to agree before the decision any more. Next, the approver decides."},
	{Code: "another_level", Live: true, On: []string{"Endorse"}, Basis: "NĐ 118/2025, Điều 19.3",
		broken: func(q question) bool { l, left := q.level(); return left && l.Role != q.x.Actor.Role },
		VI:     "Chưa đến lượt cấp này. Cấp phải cho ý kiến bây giờ: {level}.",
		EN:     "It is not this level's turn. The level to agree now: {level}."},
	{Code: "levels_missing", Live: true, On: []string{"Approve"}, Basis: "NĐ 118/2025, Điều 19.3",
		broken: func(q question) bool { _, left := q.level(); return left },
		VI:     "Chưa duyệt được: còn cấp phải cho ý kiến trước: {level}. Chờ cấp đó, hoặc trả lại để thẩm định tiếp.",
		EN:     "It cannot be decided yet: this level has to agree first: {level}. Wait for it, or return the dossier for rework."},
	{Code: "two_levels_one_hand", Live: true, Whatever: true, On: []string{"Endorse", "Approve"}, Basis: "NĐ 118/2025, Điều 19.3",
		broken: question.endorsedBefore,
		VI:     "Người này đã cho ý kiến ở một cấp. Mỗi cấp do một người khác nhau; chuyển cho người của cấp này.",
		EN:     "This account has agreed at another level. Each level is somebody else's; hand it to the one of this level."},
	{Code: "silence_means_nothing", Live: true, On: []string{"DecideBySilence"}, Basis: "NĐ 118/2025, Điều 19",
		broken: func(q question) bool {
			return q.flow().OnSilence != procedure.Granted && q.flow().OnSilence != procedure.Refused
		},
		VI: "Thủ tục không quy định việc quá hạn thì coi là chấp thuận hay từ chối. Duyệt hoặc từ chối bằng quyết định.",
		EN: "The procedure does not say that silence grants or refuses. Decide it, either way."},
	{Code: "not_due_yet", Live: true, On: []string{"DecideBySilence"}, Basis: "NĐ 118/2025, Điều 19",
		broken: func(q question) bool { return q.s.Due.IsZero() || !q.at.After(q.s.Due) },
		VI:     "Chưa hết hạn giải quyết (hạn: {due}). Chờ hết hạn, hoặc duyệt ngay.",
		EN:     "The time to decide is not over (due: {due}). Wait until then, or decide now."},
	{Code: "already_signed", Whatever: true, On: []string{"SignResult"}, Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { return q.s.Signed.Done() },
		VI:     "Kết quả đã được ký. Bước tiếp theo: văn thư cấp số và phát hành.",
		EN:     "The result is signed. Next, the clerk numbers and issues it."},
	{Code: "not_signed", Whatever: true, On: []string{"NumberResult", "IssueResult"}, Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { return !q.s.Signed.Done() },
		VI:     "Chưa cấp số, phát hành được: kết quả chưa được ký. Người có thẩm quyền ký trước, rồi văn thư cấp số và phát hành.",
		EN:     "Not numbered or issued: the result is not signed. The approver signs first, then the clerk numbers and issues it."},
	{Code: "already_numbered", Whatever: true, On: []string{"NumberResult"}, Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { return q.s.Numbered.Done() },
		VI:     "Kết quả đã có số. Bước tiếp theo: văn thư phát hành.",
		EN:     "The result has its number. Next, the clerk issues it."},
	{Code: "not_numbered", Live: true, Whatever: true, On: []string{"IssueResult"}, Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { return !q.s.Numbered.Done() },
		VI:     "Chưa phát hành được: kết quả chưa có số. Văn thư cấp số trước, rồi phát hành.",
		EN:     "Not issued: the result has no number. The clerk numbers it first, then issues it."},
}
