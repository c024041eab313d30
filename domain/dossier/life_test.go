package dossier_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// The people of the tests.
var (
	citizen     = domain.Actor{Account: "citizen", Role: domain.Applicant}
	reception   = domain.Actor{Account: "reception", Role: domain.ReceptionOfficer, Unit: "mot-cua"}
	head        = domain.Actor{Account: "head", Role: domain.DivisionHead, Unit: "phong-thu-y"}
	officer     = domain.Actor{Account: "officer", Role: domain.CaseOfficer, Unit: "phong-thu-y"}
	colleague   = domain.Actor{Account: "colleague", Role: domain.CaseOfficer, Unit: "phong-thu-y"}
	laboratory  = domain.Actor{Account: "laboratory", Role: domain.ConsultedUnit, Unit: "phong-xet-nghiem"}
	leader      = domain.Actor{Account: "leader", Role: domain.Approver, Unit: "so"}
	deputy      = domain.Actor{Account: "deputy", Role: domain.Approver, Unit: "so"}
	clerk       = domain.Actor{Account: "clerk", Role: domain.Clerk, Unit: "van-thu"}
	feeDesk     = domain.Actor{Account: "fee-desk", Role: domain.FeeOfficer, Unit: "mot-cua"}
	lead        = domain.Actor{Account: "lead", Role: domain.OneStopLead, Unit: "mot-cua"}
	neighbour   = domain.Actor{Account: "neighbour", Role: domain.ReceptionOfficer, Unit: "so-khac"}
	returnDesk  = domain.Actor{Account: "return-desk", Role: domain.ReturnOfficer, Unit: "mot-cua"}
	importer    = domain.Actor{Account: "importer", Role: domain.System}
	timers      = domain.Actor{Account: "timers", Role: domain.System}
	appraiserIn = domain.Actor{Account: "officer", Role: domain.Approver} // the case officer wearing the approver's hat
)

// monday is the clock of all examples: 23/11/2026 14:32 in Hanoi.
var monday = time.Date(2026, 11, 23, 7, 32, 0, 0, time.UTC)

// life is a dossier that lives through commands, one hour each, and remembers its facts.
type life struct {
	state dossier.State
	facts []dossier.Fact
	now   time.Time
	flow  procedure.Flow // what its procedure prescribes
	rules string         // the id of its procedure, whose whole version counts; "": the usual one, with that flow
}

// act is one command in somebody's hands.
type act struct {
	who  domain.Actor
	what dossier.Command
	how  func(*dossier.Context)
}

func by(who domain.Actor, what dossier.Command, how ...func(*dossier.Context)) act {
	a := act{who: who, what: what}
	if len(how) > 0 {
		a.how = how[0]
	}
	return a
}

// vietnam is the calendar of all examples; flooded is the same after a notice that the last week of November is off.
var (
	vietnam = calendarOf(calendar.Calendar{}, string(calendar.Shipped()["vn"]))
	flooded = calendarOf(vietnam, `{"code": "vn", "zone": "Asia/Ho_Chi_Minh", "hours": [], "years": [{"year": 2026, "status": "official", "basis": "flood", "days": [
		{"date": "2026-11-24", "kind": "holiday", "name": "culture", "certainty": "secondary"},
		{"date": "2026-11-25", "kind": "holiday", "name": "flood", "certainty": "text"},
		{"date": "2026-11-26", "kind": "holiday", "name": "flood", "certainty": "text"},
		{"date": "2026-11-27", "kind": "holiday", "name": "flood", "certainty": "text"}]}]}`)
)

// restful is vietnam after a notice that the day on which a complaint of these tales falls due is off.
var restful = calendarOf(vietnam, `{"code": "vn", "zone": "Asia/Ho_Chi_Minh", "hours": [], "years": [{"year": 2026, "status": "official", "basis": "rest", "days": [
	{"date": "2026-12-23", "kind": "holiday", "name": "rest", "certainty": "text"}, {"date": "2026-12-24", "kind": "holiday", "name": "rest", "certainty": "text"},
	{"date": "2026-12-25", "kind": "holiday", "name": "rest", "certainty": "text"}]}]}`)

func calendarOf(c calendar.Calendar, file string) calendar.Calendar {
	commands, mistakes := calendar.Read(c, []byte(file))
	if len(mistakes) > 0 {
		panic(mistakes[0])
	}
	for _, wish := range commands {
		events, err := calendar.Decide(c, wish)
		if err != nil {
			panic(err)
		}
		for _, e := range events {
			c = calendar.Evolve(c, calendar.Fact{Version: c.Version + 1, Event: e})
		}
	}
	return c
}

// under lets the machine act of itself, over a calendar.
func under(c *calendar.Calendar) func(*dossier.Context) {
	return func(x *dossier.Context) { x.Origin, x.Calendar = domain.Live, c }
}

// proved lets the act come with a signature that holds.
func proved(x *dossier.Context) { x.Evidence = &proof }

func imported(x *dossier.Context) { x.Origin = domain.Imported }

// earlier lets the act have happened so long before it is entered.
func earlier(d time.Duration, reason string) func(*dossier.Context) {
	return func(x *dossier.Context) { x.OccurredAt, x.LateReason = x.Now.Add(-d), reason }
}

func after(d time.Duration) func(*dossier.Context) {
	return func(x *dossier.Context) { x.Now = x.Now.Add(d) }
}

func (l *life) context(a act) dossier.Context {
	p, _ := procedure.Lookup("vet-practice-cert-renew")
	if c, is := a.what.(dossier.SubmitDossier); is {
		p, _ = procedure.Lookup(string(c.Procedure))
	}
	if p.Flow = l.flow; l.rules != "" {
		p, _ = procedure.Lookup(l.rules)
	}
	if c, is := a.what.(dossier.MoveToVersion); is {
		p.Number = c.Version
	}
	x := dossier.Context{Now: l.now, Actor: a.who, Procedure: &p, Calendar: &vietnam}
	if a.who.Role == domain.System {
		x.Origin = domain.Imported
	}
	if a.how != nil {
		a.how(&x)
	}
	return x
}

// ask decides without letting anything happen.
func (l *life) ask(a act) ([]dossier.Event, error) {
	return dossier.Decide(l.state, a.what, l.context(a))
}

// do decides, and what happened becomes part of the life.
func (l *life) do(a act) ([]dossier.Event, error) {
	x := l.context(a)
	events, err := dossier.Decide(l.state, a.what, x)
	if err != nil {
		return nil, err
	}
	at := x.At(l.state, a.what)
	for _, e := range events {
		f := dossier.Fact{
			Version: int64(len(l.facts) + 1), Position: int64(len(l.facts) + 1), Type: dossier.TypeOf(e), Event: e,
			OccurredAt: at, RecordedAt: x.Now,
			Meta: domain.Meta{Actor: a.who.Account, ActorRole: a.who.Role, ActorUnit: a.who.Unit, LateReason: x.LateReason, Origin: x.Origin},
		}
		l.facts = append(l.facts, f)
		l.state = dossier.Evolve(l.state, f)
	}
	l.now = x.Now.Add(time.Hour)
	return events, nil
}

// given lives through the acts; each must be legal.
func given(t testing.TB, acts ...act) *life {
	t.Helper()
	l := &life{now: monday}
	for _, a := range acts {
		if _, err := l.do(a); err != nil {
			t.Fatalf("given %s by %s: %v", a.what.Name(), a.who.Account, err)
		}
	}
	return l
}

// The usual acts.
var (
	submit     = by(citizen, dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Online, Applicant: "ref-7f3a", Unit: "mot-cua"})
	accept     = by(reception, dossier.AcceptDossier{})
	refuse     = by(reception, dossier.RefuseReception{Reason: "wrong_agency", Basis: "nd-118-2025.17.1"})
	askAtDesk  = by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-1", "tp-2"}, Reason: "missing"})
	forward    = by(reception, dossier.ForwardDossier{Unit: "phong-thu-y"})
	assign     = by(head, dossier.AssignOfficer{Officer: "officer"})
	start      = by(officer, dossier.StartAppraisal{})
	askOpinion = by(officer, dossier.RequestOpinion{Unit: "phong-xet-nghiem", Due: monday.Add(240 * time.Hour)})
	opinion    = by(laboratory, dossier.RecordOpinion{Number: 1, Verdict: "agreed"})
	askInCase  = by(officer, dossier.RequestSupplement{Items: []dossier.Code{"tp-1", "tp-3"}, Reason: "illegible"})
	supply     = by(citizen, dossier.SubmitSupplement{})
	supplyHalf = by(citizen, dossier.SubmitSupplement{Items: []dossier.Code{"tp-1"}})
	takeIn     = by(reception, dossier.AcceptSupplement{})
	propose    = by(officer, dossier.SubmitForApproval{Proposal: dossier.Grant})
	approve    = by(leader, dossier.Approve{Outcome: dossier.Grant})
	sign       = by(leader, dossier.SignResult{})
	number     = by(clerk, dossier.NumberResult{})
	issue      = by(clerk, dossier.IssueResult{})
	handOver   = by(returnDesk, dossier.ReturnResult{Way: dossier.Counter})
	note       = by(officer, dossier.RecordStep{Code: "desk-check"})
	recount    = by(timers, dossier.RecomputeDeadline{}, under(&flooded))
	expire     = by(reception, dossier.ExpireSupplement{}, after(40*24*time.Hour))
	rework     = by(leader, dossier.ReturnForRework{Reason: "draft_errors"})
	askLonger  = by(officer, dossier.ProposeExtension{Due: monday.Add(30 * 24 * time.Hour), Reason: "awaiting_laboratory"})
	grantMore  = by(leader, dossier.ApproveExtension{})
	withdraw   = by(citizen, dossier.RequestWithdrawal{})
	letGo      = by(reception, dossier.AcceptWithdrawal{})
	keep       = by(reception, dossier.RejectWithdrawal{Reason: "applicant_changed_mind"})
	stop       = by(leader, dossier.StopDossier{Reason: "legal_impediment", Basis: "nd-118-2025.21"})
	moveOn     = by(leader, dossier.MoveToVersion{Version: 2, Ground: "transition_rule", Basis: "nd-309-2026.5"})
	takeDue    = by(importer, dossier.RecordDeadline{Due: monday.Add(500 * time.Hour)})
	takeEnd    = by(importer, dossier.RecordOutcome{Outcome: dossier.Unknown})
)

// The acts beside the usual way.
var (
	checkPart  = by(reception, dossier.CheckComponent{Component: "tp-1", Verdict: dossier.Sufficient})
	adjust     = by(citizen, dossier.AdjustSubmission{Parts: []dossier.Code{"tp-1"}})
	passOn     = by(reception, dossier.TransferDossier{To: "so-khac", Mode: dossier.Serial, Slip: "pc-12"})
	passBeside = by(reception, dossier.TransferDossier{To: "so-khac", Mode: dossier.Parallel, Slip: "pc-12"})
	takeOver   = by(neighbour, dossier.ReceiveTransfer{Number: 1})
	sendBack   = by(neighbour, dossier.RefuseTransfer{Number: 1, Reason: "not_competent"})
	test       = by(officer, dossier.BeginWork{Kind: dossier.Laboratory, Unit: "phong-xet-nghiem", Due: monday.Add(240 * time.Hour)})
	inspect    = by(officer, dossier.BeginWork{Kind: dossier.Inspection, At: monday.Add(48 * time.Hour)})
	finish     = by(officer, dossier.FinishWork{Number: 1, Finding: dossier.Passed})
	mend       = by(officer, dossier.FinishWork{Number: 1, Finding: dossier.ToMend})
	mended     = by(citizen, dossier.ReportRemediation{Number: 2})
	charge     = by(feeDesk, dossier.RequestPayment{Amount: 1_200_000, Fees: []dossier.Code{"phi-tham-dinh"}})
	pay        = by(feeDesk, dossier.ConfirmPayment{Number: 1, Amount: 1_200_000, Method: "cash", Receipt: "bl-7"})
	unpay      = by(feeDesk, dossier.CancelPayment{Number: 1, Reason: "exempt"})
	refund     = by(feeDesk, dossier.RefundPayment{Number: 1, Amount: 1_200_000, Reason: "not_provided"})
	unpaid     = by(feeDesk, dossier.ExpirePayment{}, after(40*24*time.Hour))
	endorse    = by(head, dossier.Endorse{Outcome: dossier.Grant}, prescribing(twoLevels))
	delegate   = by(leader, dossier.DelegateDecision{To: "head", Block: "tuq", Until: monday.Add(1000 * time.Hour)})
	silent     = by(leader, dossier.DecideBySilence{}, both(after(60*24*time.Hour), prescribing(procedure.Flow{OnSilence: procedure.Granted})))
	publish    = by(officer, dossier.PublishNotification{}, prescribing(procedure.Flow{Notification: true}))
	atOnce     = by(reception, dossier.ResolveAtOnce{Outcome: dossier.Grant}, prescribing(procedure.Flow{Immediate: true, SameHand: true}))
	byPost     = by(citizen, dossier.ChooseDelivery{Way: dossier.Post})
	post       = by(returnDesk, dossier.SendResult{Slip: "vn-1"})
	cameBack   = by(returnDesk, dossier.FailDelivery{Reason: "not_met"})
	sorry      = by(officer, dossier.ApologiseForDelay{Promised: monday.Add(90 * 24 * time.Hour), Reason: "complex_case"}, after(60*24*time.Hour))
	urge       = by(lead, dossier.UrgeUnit{Reason: dossier.UrgedLate}, after(60*24*time.Hour))
	findError  = by(citizen, dossier.ReportError{Paper: 1, Part: "ten", By: "authority"})
	putRight   = by(clerk, dossier.CorrectResult{Number: 1})
	replace    = by(leader, dossier.ReplaceResult{Paper: 1, Reason: "content_changed", Decision: "qd-12"})
	revoke     = by(leader, dossier.RevokeResult{Paper: 1, Reason: "conditions_lost", Decision: "qd-13", Basis: "nd-118-2025.22"})
	rate       = by(citizen, dossier.RateService{Overall: "good"})
	link       = by(reception, dossier.LinkDossier{Other: "d-2", Kind: dossier.GroupMember})
	complain   = by(reception, dossier.OpenComplaint{Other: "d-3", Kind: "complaint"})
	upheld     = by(reception, dossier.CloseComplaint{Number: 1, Finding: dossier.Upheld, Basis: "qd-14"})
	askByNote  = by(officer, dossier.SendMessage{Topic: "question", AnswerBy: monday.Add(2000 * time.Hour)})
	answer     = by(citizen, dossier.AnswerMessage{Number: 1})
	fire       = by(timers, dossier.FireTimer{Timer: dossier.AnswerTimer, Number: 1, Notice: dossier.NoticeDue, Share: 100, Due: monday.Add(2000 * time.Hour), Tells: []dossier.Code{"one_stop_lead"}, Rule: "default"},
		both(under(&vietnam), after(2100*time.Hour)))
	signFile         = by(citizen, dossier.SignFile{File: "0197f2aa-0000-7000-8000-0000000000f1"}, proved)
	attach           = by(citizen, dossier.AttachFile{File: "0197f2aa-0000-7000-8000-0000000000f1", Component: "tp-1", Media: "pdf", Size: 48213, Commitment: "9f2c4a"})
	recountComplaint = by(timers, dossier.RecountComplaint{Number: 1}, under(&restful))
	portal           = by(timers, dossier.RecordPortalStatus{Code: 2, Outcome: dossier.PortalAccepted}, under(&vietnam))
	jot              = by(officer, dossier.AddNote{Topic: "called"})
	archive          = by(clerk, dossier.HandOverRecord{To: dossier.AgencyArchive, Register: "mlhs-7"})
	announce         = by(clerk, dossier.AnnounceDisposal{}, after(11*365*24*time.Hour))
	dispose          = by(clerk, dossier.DisposeRecord{Decision: "qd-15", Basis: "tt-10-2022"}, after((11*365+60)*24*time.Hour))
)

var twoLevels = procedure.Flow{Approvals: []procedure.Approval{{Level: 1, Role: domain.DivisionHead}, {Level: 2, Role: domain.Approver}}}

// prescribing lets the procedure say so.
func prescribing(f procedure.Flow) func(*dossier.Context) {
	return func(x *dossier.Context) { x.Procedure.Flow = f }
}

// undo takes back what led to that state, with all it led to in view.
func undo(from dossier.Status) act {
	acts := map[dossier.Status]act{
		dossier.Accepted: by(reception, dossier.UndoAct{Act: "accept"}), dossier.Forwarded: by(reception, dossier.UndoAct{Act: "forward"}),
		dossier.Assigned: by(head, dossier.UndoAct{Act: "assign-officer"}), dossier.Appraising: by(officer, dossier.UndoAct{Act: "start-appraisal"}),
		dossier.SupplementAtReception: by(reception, dossier.UndoAct{Act: "request-supplement"}), dossier.SupplementRequestedStatus: by(officer, dossier.UndoAct{Act: "request-supplement"}),
		dossier.ReceptionRefusedStatus: by(reception, dossier.UndoAct{Act: "refuse-reception"}), dossier.PendingApproval: by(officer, dossier.UndoAct{Act: "submit-for-approval"}),
		dossier.Approved: by(leader, dossier.UndoAct{Act: "approve"}),
	}
	a, known := acts[from]
	if !known {
		a = by(reception, dossier.UndoAct{Act: "accept"})
	}
	c := a.what.(dossier.UndoAct)
	c.Reason = "wrong_content"
	for _, seen := range dossier.Values("consequence") {
		c.Seen = append(c.Seen, dossier.Code(seen))
	}
	a.what = c
	return a
}

// paths leads to each state by the shortest usual way.
var paths = map[dossier.Status][]act{
	dossier.None:                      {},
	dossier.Submitted:                 {submit},
	dossier.SupplementAtReception:     {submit, askAtDesk},
	dossier.ReceptionRefusedStatus:    {submit, refuse},
	dossier.Accepted:                  {submit, accept},
	dossier.Forwarded:                 {submit, accept, forward},
	dossier.Assigned:                  {submit, accept, forward, assign},
	dossier.Appraising:                {submit, accept, forward, assign, start},
	dossier.Verifying:                 {submit, accept, forward, assign, start, askOpinion},
	dossier.SupplementRequestedStatus: {submit, accept, forward, assign, start, askInCase},
	dossier.WithdrawalRequestedStatus: {submit, accept, forward, assign, start, withdraw},
	dossier.Stopped:                   {submit, accept, forward, assign, start, withdraw, letGo},
	dossier.PendingApproval:           {submit, accept, forward, assign, start, propose},
	dossier.Approved:                  {submit, accept, forward, assign, start, propose, approve},
	dossier.Resolved:                  {submit, accept, forward, assign, start, propose, approve, sign, number, issue},
	dossier.Returned:                  {submit, accept, forward, assign, start, propose, approve, sign, number, issue, handOver},
	dossier.AwaitingPayment:           {submit, accept, forward, assign, start, charge},
	dossier.Disposed:                  {submit, accept, forward, assign, start, propose, approve, sign, number, issue, handOver, announce, dispose},
}

func in(t testing.TB, s dossier.Status) *life { t.Helper(); return given(t, paths[s]...) }

// then acts go on from a state.
func (l *life) then(t testing.TB, acts ...act) *life {
	t.Helper()
	for _, a := range acts {
		if _, err := l.do(a); err != nil {
			t.Fatalf("then %s by %s: %v", a.what.Name(), a.who.Account, err)
		}
	}
	return l
}

// refusal is the code an error carries, "" if it is none.
func refusal(err error) string {
	var r *domain.Refusal
	var i *domain.Invalid
	switch {
	case errors.As(err, &r):
		return r.Code
	case errors.As(err, &i):
		return "invalid: " + i.Code
	case err != nil:
		return "fault: " + err.Error()
	}
	return ""
}

func types(events []dossier.Event) []string {
	var names []string
	for _, e := range events {
		names = append(names, dossier.TypeOf(e))
	}
	return names
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
