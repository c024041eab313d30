package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers/conditions"
)

// An act is one command of one dossier at the time it is entered; it may have happened before.
type act struct {
	entered  time.Time
	happened time.Time // zero: when it is entered
	late     string    // why it is entered later: a code
	by       domain.Actor
	command  dossier.Command
}

// A story is the life of one invented dossier, in order. What lies after now has not happened yet.
type story struct {
	number    int
	procedure procedure.Version
	acts      []act
}

// office is what a dossier meets on its way.
type office struct {
	reception, head, officer, consulted, approver, clerk, returns domain.Actor
}

// teller tells one story from its own dice, so that each dossier is the same whatever the others do.
type teller struct {
	r    *rand.Rand
	at   office
	who  domain.Actor // the applicant
	when time.Time
	acts []act

	rules  procedure.Version
	facts  []string       // conditions of the procedure that hold in this dossier
	flow   procedure.Flow // what the procedure prescribes
	asked  int            // opinions
	works  int            // pieces of work begun
	window int            // days the applicant has for a supplement
	limit  float64        // hours of work that the procedure's limit gives
	pace   float64        // how long work takes, 1 at leisure
}

// chance is true p times of a hundred.
func (t *teller) chance(p int) bool { return t.r.IntN(100) < p }

// work lets between min and max hours of work pass.
func (t *teller) work(least, most float64) {
	hours := t.pace * (least + t.r.Float64()*(most-least))
	t.when = after(t.when, time.Duration(hours*float64(time.Hour))).Truncate(time.Second)
}

func (t *teller) do(by domain.Actor, c dossier.Command) {
	t.acts = append(t.acts, act{entered: t.when, by: by, command: c})
}

// tell invents dossier number i, filed on that day. Online is the share of those that come online then.
func tell(i int, dice uint64, day time.Time, online float64, demand []procedure.Version) story {
	r := rand.New(rand.NewPCG(dice, uint64(i)))
	v := pick(demand, r)
	t := &teller{r: r, at: officeFor(v.Sector), who: applicant(r), rules: v, flow: v.Flow, window: max(v.SupplementDays, procedure.SupplementDays), pace: 1}
	t.facts = someCase(v, r)
	t.limit = hoursOf(v.LimitsUnder(t.holds))
	t.file(v, day, online)
	t.reception()
	return story{number: i, procedure: v, acts: t.acts}
}

// usually is how many hours of work a dossier takes at leisure, with all that may come in between.
const usually = 95

// hurry lets the officers mind the limit; one dossier in twenty lies about.
func (t *teller) hurry() {
	t.pace = min(1, t.limit/usually)
	if t.chance(5) {
		t.pace *= 3
	}
}

// hoursOf is about how many hours of work the limits give.
func hoursOf(limits []calendar.Limit) (hours float64) {
	each := map[calendar.Unit]float64{
		calendar.WorkingDays: 8, calendar.CalendarDays: 8 * 5.0 / 7, calendar.Months: 8 * 21, calendar.Hours24: 1.0 / 3, calendar.WorkingHours: 1, calendar.SameDay: 4,
	}
	for _, l := range limits {
		hours += float64(l.Value) * each[l.Unit]
	}
	return hours
}

// someCase is which conditions of the procedure hold in a dossier: one of the combinations that its forms can give.
func someCase(v procedure.Version, r *rand.Rand) []string {
	cases := casesOf(v)
	if len(cases) == 0 {
		return nil
	}
	return cases[r.IntN(len(cases))]
}

// cases are found once for each procedure: it takes trying all its forms.
var cases sync.Map

func casesOf(v procedure.Version) []procedure.Case {
	if found, known := cases.Load(v.ID); known {
		return found.([]procedure.Case)
	}
	found, _ := conditions.Try(v)
	cases.Store(v.ID, found)
	return found
}

// holds says whether a condition of the procedure holds in this dossier.
func (t *teller) holds(fact string) bool { return fact == "" || slices.Contains(t.facts, fact) }

// pick favours the head of the list: a few procedures make most of the work.
func pick(demand []procedure.Version, r *rand.Rand) procedure.Version {
	x := r.Float64()
	return demand[int(x*x*x*float64(len(demand)))]
}

// applicant is one of the two demo logins now and then, else somebody else. Nobody has a name.
func applicant(r *rand.Rand) domain.Actor {
	n := 1 + r.IntN(2)
	if r.IntN(12) > 0 {
		n = 3 + r.IntN(180)
	}
	return domain.Actor{Account: fmt.Sprintf("applicant-%d", n), Role: domain.Applicant}
}

// file submits: online at any hour, at the counter in office hours, by post when the mail is opened. Papers of the counter and
// the post are at times typed in days later.
func (t *teller) file(v procedure.Version, day time.Time, online float64) {
	c := dossier.SubmitDossier{Procedure: dossier.Code(v.ID), Applicant: dossier.Ref(t.who.Account)}
	for _, f := range t.facts {
		c.Facts = append(c.Facts, dossier.Code(f))
	}
	x := t.r.Float64()
	if x < online {
		c.Channel = dossier.Online
		t.when = evening(day, t.r)
		if t.chance(60) {
			t.when = officeTime(day, t.r)
		}
		t.do(t.who, c)
		return
	}
	c.Channel, c.Unit = dossier.Counter, dossier.Code(t.at.reception.Unit)
	reason := "counter_entry"
	if x > online+(1-online)*0.8 {
		c.Channel, reason = dossier.Post, "post_arrival"
	}
	t.when = officeTime(day, t.r)
	brought := t.when
	t.do(t.at.reception, c)
	if t.chance(25) {
		t.work(6, 26)
		late := &t.acts[len(t.acts)-1]
		late.entered, late.happened, late.late = t.when, brought, reason
	}
}

// reception checks the papers: most are complete, some wait for more, a few are not received.
func (t *teller) reception() {
	t.work(0.3, 9)
	if t.chance(14) {
		t.do(t.at.reception, dossier.RequestSupplement{Items: []dossier.Code{t.item()}, Reason: reasons[t.r.IntN(len(reasons))]})
		if t.chance(20) {
			t.when = t.when.AddDate(0, 0, t.window+5+t.r.IntN(6)) // a window never ends on a week-end or holiday
			t.work(0.1, 8)
			t.do(t.at.reception, dossier.RefuseReception{Reason: dossier.SupplementExpired, Basis: "nd-118-2025.19.5"})
			return
		}
		t.when = evening(t.when.AddDate(0, 0, 1+t.r.IntN(12)), t.r)
		t.do(t.who, dossier.SubmitSupplement{})
		t.work(0.5, 8)
	}
	if t.chance(5) {
		t.do(t.at.reception, dossier.RefuseReception{Reason: refusals[t.r.IntN(len(refusals))], Basis: "nd-118-2025.17.1"})
		return
	}
	t.do(t.at.reception, dossier.AcceptDossier{})
	t.hurry()
	t.work(0.2, 4)
	t.do(t.at.reception, dossier.ForwardDossier{Unit: dossier.Code(t.at.head.Unit)})
	t.work(0.5, 10)
	t.do(t.at.head, dossier.AssignOfficer{Officer: dossier.Code(t.at.officer.Account)})
	t.work(0.5, 12)
	t.do(t.at.officer, dossier.StartAppraisal{})
	t.appraisal()
}

func (t *teller) appraisal() {
	if t.chance(10) {
		t.work(1, 8)
		t.do(t.at.officer, dossier.RequestSupplement{Items: []dossier.Code{t.item(), "form"}, Reason: "insufficient"})
		t.when = evening(t.when.AddDate(0, 0, 2+t.r.IntN(11)), t.r)
		t.do(t.who, dossier.SubmitSupplement{})
		t.work(0.5, 7)
		t.do(t.at.reception, dossier.AcceptSupplement{})
	}
	if t.chance(18) {
		t.opinion(dossier.Code(t.at.consulted.Unit))
	}
	if t.chance(30) {
		t.work(2, 16)
		t.do(t.at.officer, dossier.RecordStep{
			Code: steps[t.r.IntN(len(steps))], Unit: dossier.Code(t.at.head.Unit), Officer: dossier.Code(t.at.officer.Account),
		})
	}
	for _, step := range t.flow.Steps {
		t.step(step)
	}
	if t.chance(7) {
		t.fee()
	}
	if t.chance(3) {
		t.work(1, 12)
		t.do(t.who, dossier.RequestWithdrawal{})
		t.work(1, 10)
		t.do(t.at.reception, dossier.AcceptWithdrawal{})
		return
	}
	t.work(3, 40)
	if t.flow.Notification {
		t.do(t.at.officer, dossier.PublishNotification{})
		t.returned()
		return
	}
	proposal := dossier.Grant
	if t.chance(8) {
		proposal = dossier.Refuse
	}
	t.do(t.at.officer, dossier.SubmitForApproval{Proposal: proposal})
	t.work(1, 14)
	if t.chance(4) {
		t.do(t.at.approver, dossier.ReturnForRework{Reason: "draft_errors"})
		t.work(2, 10)
		t.do(t.at.officer, dossier.SubmitForApproval{Proposal: proposal})
		t.work(1, 8)
	}
	if len(t.flow.Approvals) > 1 {
		t.do(t.at.head, dossier.Endorse{Outcome: proposal})
		t.work(1, 8)
	}
	t.do(t.at.approver, dossier.Approve{Outcome: proposal})
	t.work(0.1, 5)
	t.do(t.at.approver, dossier.SignResult{})
	t.work(0.3, 6)
	t.do(t.at.clerk, dossier.NumberResult{})
	t.work(0.1, 1)
	t.do(t.at.clerk, dossier.IssueResult{})
	t.returned()
}

// step does what the procedure prescribes of this dossier.
func (t *teller) step(s procedure.WorkStep) {
	if !t.holds(s.When) || s.Kind == procedure.Remediation || !s.Required && t.chance(75) {
		return
	}
	if s.Kind == procedure.Opinion {
		t.opinion(dossier.Code(s.Unit))
		return
	}
	if s.Kind == procedure.Inspection && t.chance(10) {
		t.once(s, dossier.ToMend)
		t.works++ // the applicant's
		t.when = evening(t.when.AddDate(0, 0, 3+t.r.IntN(12)), t.r)
		t.do(t.who, dossier.ReportRemediation{Number: t.works})
		t.work(0.5, 8)
	}
	t.once(s, dossier.Passed)
}

func (t *teller) once(s procedure.WorkStep, finding dossier.Finding) {
	t.work(0.5, 8)
	begin := dossier.BeginWork{Step: dossier.Code(s.Code)}
	meet := time.Time{}
	if s.Kind == procedure.Inspection || s.Kind == procedure.Council {
		meet = after(t.when, time.Duration(float64(workday)*t.pace*(1+2*t.r.Float64())))
		begin.At = meet.UTC()
	}
	t.do(t.at.officer, begin)
	t.works++
	if meet.After(t.when) {
		t.when = meet
	}
	t.work(1, 10)
	t.do(t.at.officer, dossier.FinishWork{Number: t.works, Finding: finding})
}

// fee is due during processing: the dossier waits for the applicant.
func (t *teller) fee() {
	t.work(1, 8)
	amount, fees := 0, []dossier.Code(nil)
	for _, f := range t.rules.FeesUnder(t.holds) {
		amount, fees = amount+f.Amount, append(fees, dossier.Code(f.Code))
	}
	if amount == 0 {
		amount, fees = 100_000*(1+t.r.IntN(12)), []dossier.Code{"other-fee"}
	}
	t.do(t.at.officer, dossier.RequestPayment{Amount: amount, Fees: fees})
	t.when = evening(t.when.AddDate(0, 0, 1+t.r.IntN(6)), t.r)
	t.work(0.5, 6)
	t.do(t.at.reception, dossier.ConfirmPayment{Number: 1, Amount: amount, Method: "online"})
}

// opinion asks another unit; the answer is at times late.
func (t *teller) opinion(unit dossier.Code) {
	t.work(1, 6)
	due := after(t.when, 3*workday)
	t.do(t.at.officer, dossier.RequestOpinion{Unit: unit, Due: due.UTC()})
	t.work(4, 32)
	t.asked++
	t.do(t.at.consulted, dossier.RecordOpinion{Number: t.asked, Verdict: verdicts[t.r.IntN(len(verdicts))]})
}

// returned hands the result over; some results wait long to be fetched.
func (t *teller) returned() {
	if t.chance(15) {
		t.when = t.when.AddDate(0, 0, 5+t.r.IntN(60))
	}
	t.work(0.5, 24)
	c := dossier.ReturnResult{Way: dossier.Online}
	if submitted := t.acts[0].command.(dossier.SubmitDossier); submitted.Channel != dossier.Online || t.chance(30) {
		c.Way = dossier.Counter
		if t.chance(15) {
			c.To = "representative"
		}
	}
	t.do(t.at.returns, c)
}

// The demo's vocabulary, all of it from the domain's lists or codes.
var (
	reasons  = []dossier.SupplementReason{"missing", "illegible", "unsigned", "not_certified", "expired_paper"}
	refusals = []dossier.RefusalReason{"wrong_agency", "not_eligible", "duplicate"}
	verdicts = []dossier.Verdict{"agreed", "agreed", "agreed_with_conditions", "no_opinion", "objected"}
	steps    = []dossier.Code{"desk-check", "registry-lookup", "field-visit", "draft-result"}
	items    = []dossier.Code{"form", "qualification", "health-certificate", "site-plan", "business-registration", "test-report"}
)

func (t *teller) item() dossier.Code { return items[1+t.r.IntN(len(items)-1)] }
