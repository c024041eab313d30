package dossier

import (
	"cmp"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
)

// A Fact is an event in its place: what happened, when it was true, when it was recorded, and who did it.
type Fact struct {
	Version    int64
	Position   int64
	Type       string
	Event      Event
	OccurredAt time.Time
	RecordedAt time.Time
	Meta       domain.Meta
}

// act is the milestone this fact makes.
func (f Fact) act() Act { return Act{By: f.Meta.Actor, At: instant(f.OccurredAt)} }

// Fold is the state after these facts. It accepts any subset of a dossier's facts in version order.
func Fold(facts []Fact) State {
	var s State
	for i := range facts {
		s.apply(&facts[i])
	}
	return s
}

// Evolve is the state after one more fact. It is total: it refuses nothing, and a fact whose forerunners are missing changes
// what it can. It changes nothing of the state given.
func Evolve(s State, f Fact) State {
	s.apply(&f)
	return s
}

// apply works in place: a state is large, and a fold copies it no more often than it must.
func (s *State) apply(f *Fact) {
	act := f.act()
	s.Version, s.UpdatedAt = f.Version, act.At
	if ChangesState(f.Event) {
		s.LastChange = act.At
	}
	switch e := f.Event.(type) {
	case DossierSubmitted:
		s.Status, s.Submitted, s.Origin = Submitted, act, f.Meta.Origin
		s.Procedure, s.ProcedureVersion = string(e.Procedure), e.ProcedureVersion
		s.Channel, s.Applicant, s.ExternalCode = e.Channel, string(e.Applicant), string(e.ExternalCode)
		s.FiledAt, s.Unit, s.Agencies.Support = string(e.Unit), string(e.Unit), string(e.Support)
		s.Code = string(e.Code)
		s.Confidential, s.Sandbox = e.Confidential, string(e.Sandbox)
		s.Facts, s.Values, s.CheckWithin = heard(nil, e.Facts, nil), e.Values, string(e.CheckWithin)
		s.Entered = entered(nil, e.Entries)
		s.Submitter, s.Mandate = string(e.Submitter), e.Mandate
	case DossierAccepted:
		s.Status, s.Accepted, s.ProcedureVersion = Accepted, act, e.ProcedureVersion
		s.Clock.StartedAt = act.At
		if len(e.Facts) > 0 {
			s.Facts = plain(e.Facts)
		}
		s.Facts = heard(s.Facts, nil, e.Denied)
		s.Code = cmp.Or(s.Code, string(e.Code))
		s.due(e.Term)
	case ReceptionRefused:
		s.Status, s.Refused = ReceptionRefusedStatus, act
		s.RefusalReason, s.RefusalBasis = e.Reason, string(e.Basis)
	case SupplementRequested:
		s.Status = awaiting[e.Stage]
		s.Supplements = asked(s.Supplements, e, act)
	case SupplementSubmitted:
		*s = s.supplied(e, act)
	case SupplementAccepted:
		s.Status = Appraising
		s.Supplements = closed(s.Supplements, act)
	case SupplementWindowExpired:
		s.Supplements = expired(s.Supplements)
	case ClockStopped:
		s.Clock.StoppedAt = act.At
	case ClockRestarted:
		s.Clock.StoppedAt, s.Clock.RestartedFrom, s.Clock.Pauses = time.Time{}, instant(e.CountedFrom), nil
		s.Clock.Restarts++
		s.due(e.Term)
	case DeadlineRecomputed:
		s.due(e.Term)
	case ExtensionProposed:
		s.Extension.Proposed, s.Extension.Due, s.Extension.Reason = act, instant(e.Due), e.Reason
	case DeadlineExtended:
		s.Extension.Approved, s.Extension.Original = act, instant(e.OldDue)
		s.Extension.Due, s.Extension.Reason = instant(e.Due), e.Reason
		s.Due, s.DueSource = instant(e.Due), ExtendedDeadline
	case WithdrawalRequested:
		*s = s.withdrawing(act)
	case WithdrawalRejected:
		*s = s.goingOn(e, act)
	case DossierStopped:
		s.Status, s.Stopped, s.StoppedReason, s.StoppedBasis = Stopped, act, e.Reason, string(e.Basis)
		s.BackTo, s.StoodAt = None, None
	case ReturnedForRework:
		s.Status, s.Proposed, s.Proposal = Appraising, Act{}, ""
		s.Reworked, s.ReworkReason, s.Endorsed = act, e.Reason, nil
		s.Reworks++
	case DossierForwarded:
		s.Status, s.Forwarded, s.Unit = Forwarded, act, string(e.Unit)
	case OfficerAssigned:
		*s = s.assigned(e)
	case AppraisalStarted:
		s.Status, s.Appraisal = Appraising, act
		s.Appraisers = with(s.Appraisers, act.By)
	case OpinionRequested:
		*s = s.consulting(e, act)
	case OpinionReceived:
		*s = s.consulted(e, act)
	case SubmittedForApproval:
		s.Status, s.Proposed, s.Proposal = PendingApproval, act, e.Proposal
		s.Appraisers = with(s.Appraisers, act.By)
	case DecisionApproved:
		s.Status, s.Decided, s.Decision, s.Silence = Approved, act, e.Outcome, e.Silence
	case ResultSigned:
		s.signed(e, act)
	case ResultNumbered:
		s.Numbered = act
	case ResultIssued:
		s.Status, s.Issued, s.Resolved = Resolved, act, act
		s.Outcome = s.Decision.outcome()
	case ResultReturned:
		s.Status, s.Returned, s.Way, s.To = Returned, act, e.Way, e.To
		if s.Delivery.Status != "" {
			s.Delivery.Status = Delivered
		}
	case StepRecorded:
		*s = s.stepped(e, act)
	case DeadlineRecorded:
		s.Due, s.DueSource = instant(e.Due), e.DueSource
	case VersionMoved:
		s.ProcedureVersion = e.ToVersion
	case OutcomeRecorded:
		s.Status, s.Resolved, s.Outcome = Resolved, act, e.Outcome
		s.BackTo, s.StoodAt = None, None
	case own:
		*s = e.evolve(*s, act)
	}
}

// own is an event whose part of the way has a file of its own.
type own interface {
	Event
	evolve(State, Act) State
}

// ChangesState says whether the event moves the dossier: later acts may not have been true before it. Steps and recorded
// deadlines stand beside the way.
func ChangesState(e Event) bool {
	switch e.(type) {
	case StepRecorded, DeadlineRecorded, DeadlineRecomputed, ExtensionProposed:
		return false
	case interface{ beside() }:
		return false
	}
	return true
}

// due enters the limit that runs now. A due date that was taken over stays.
func (s *State) due(t Term) {
	s.Clock.Term = t
	if s.DueSource != ImportedDeadline && len(t.Limits) > 0 {
		s.Due, s.DueSource = instant(t.Due), ComputedDeadline
	}
}

// awaiting is where a request for a supplement leads.
var awaiting = map[Stage]Status{AtReception: SupplementAtReception, AtAppraisal: SupplementRequestedStatus}

// asked adds the request. One that was written before rounds had numbers takes the place of its stage's.
func asked(list []Supplement, e SupplementRequested, act Act) []Supplement {
	others := slices.DeleteFunc(slices.Clone(list), func(q Supplement) bool { return q.Stage == e.Stage && q.Number == e.Number })
	return append(others, Supplement{
		Stage: e.Stage, Items: plain(e.Items), Reason: e.Reason, WindowDays: e.WindowDays,
		RequestedAt: act.At, Until: endOfDay(act.At, e.WindowDays), Number: e.Number, Parts: e.Parts,
	})
}

// endOfDay is the last instant of the day that lies so many days after t (Civil Code, Articles 147 and 148: the day of the
// act does not count). A last day at the weekend moves to Monday. Public holidays are not known here.
func endOfDay(t time.Time, days int) time.Time {
	y, m, d := t.In(hanoi).Date()
	last := time.Date(y, m, d+days, 0, 0, 0, 0, hanoi)
	for last.Weekday() == time.Saturday || last.Weekday() == time.Sunday {
		last = last.AddDate(0, 0, 1)
	}
	return instant(last.AddDate(0, 0, 1).Add(-time.Microsecond))
}

// supplied enters what came. At reception a complete answer closes the request and it is the authority's turn again; at
// appraisal an officer closes it.
func (s State) supplied(e SupplementSubmitted, act Act) State {
	list := slices.Clone(s.Supplements)
	for i := range list {
		q := &list[i]
		if q.Closed {
			continue
		}
		for _, item := range e.Items {
			q.Answered = with(q.Answered, string(item))
		}
		q.Late = q.Late || e.Late
		if !q.Complete() {
			continue
		}
		q.AnsweredAt = act.At
		if q.Stage == AtReception {
			q.Closed = true
			s.Status = Submitted
		}
	}
	s.Supplements = list
	s.Facts, s.Values = heard(s.Facts, e.Facts, e.Denied), filled(s.Values, e.Values)
	s.Entered = entered(s.Entered, e.Entries)
	for _, item := range e.Items {
		s.Components = without(s.Components, item) // what was found of it was of another paper
	}
	return s
}

func closed(list []Supplement, act Act) []Supplement {
	list = slices.Clone(list)
	for i := range list {
		if !list[i].Closed {
			list[i].Closed, list[i].Accepted = true, act
		}
	}
	return list
}

// expired closes the request that nobody answered in full.
func expired(list []Supplement) []Supplement {
	list = slices.Clone(list)
	for i := range list {
		if !list[i].Closed {
			list[i].Closed, list[i].Expired = true, true
		}
	}
	return list
}

// withdrawing notes where the dossier stands; a running clock stands still.
func (s State) withdrawing(act Act) State {
	if has(running, s.Status) && s.Clock.StoppedAt.IsZero() {
		s.Clock.StoppedAt = act.At
	}
	s.Status, s.StoodAt, s.Withdrawn = WithdrawalRequestedStatus, s.Status, act
	return s
}

// goesOn says whether the clock runs again once a withdrawal is rejected.
func (s State) goesOn() bool {
	return has(running, s.StoodAt) && !slices.ContainsFunc(s.Works, func(w Work) bool { return w.Open() && w.Stops })
}

// goingOn leads back to where the dossier stood; what the clock stood still does not count.
func (s State) goingOn(e WithdrawalRejected, act Act) State {
	if s.goesOn() {
		s.Clock.Pauses = append(slices.Clone(s.Clock.Pauses), calendar.Pause{From: s.Clock.StoppedAt, To: act.At})
		s.Clock.StoppedAt = time.Time{}
		if s.DueSource != ExtendedDeadline { // a date that was decided stands
			s.due(e.Term)
		}
	}
	if s.StoodAt != None {
		s.Status = s.StoodAt
	}
	s.StoodAt, s.Withdrawn = None, Act{}
	s.Kept, s.KeptReason = act, e.Reason
	return s
}

// assigned names the officer. Reassigning keeps the state.
func (s State) assigned(e OfficerAssigned) State {
	s.Officer = string(e.Officer)
	switch {
	case s.Status == Forwarded:
		s.Status = Assigned
	case s.Status == Verifying && s.BackTo == Forwarded:
		s.BackTo = Assigned
	}
	return s
}

// consulting notes a request; the first one remembers where the dossier stood.
func (s State) consulting(e OpinionRequested, act Act) State {
	if s.Status != Verifying {
		s.Status, s.BackTo = Verifying, s.Status
	}
	s.Opinions = append(slices.Clone(s.Opinions), Opinion{
		Number: e.Number, Unit: string(e.Unit), Subject: string(e.Subject), RequestedAt: act.At, Due: instant(e.Due),
	})
	return s
}

// consulted enters an answer; the last one leads back.
func (s State) consulted(e OpinionReceived, act Act) State {
	s.Opinions = slices.Clone(s.Opinions)
	for i := range s.Opinions {
		if o := &s.Opinions[i]; o.Number == e.Number {
			o.Verdict, o.ReceivedAt, o.Late, o.Counts = e.Verdict, act.At, e.Late, e.Counts
		}
	}
	return s.backIfVerified()
}

func (s State) stepped(e StepRecorded, act Act) State {
	s.Steps++
	if e.Irregular != "" {
		s.IrregularSteps++
	}
	s.LastStep = Step{Code: string(e.Code), Unit: string(e.Unit), Officer: string(e.Officer), At: act.At}
	return s
}

func (p Proposal) outcome() Outcome {
	switch p {
	case Grant:
		return Granted
	case Refuse:
		return Refused
	}
	return Unknown
}

// with adds a value to a list that has it at most once, leaving the list given as it is.
func with(list []string, v string) []string {
	if has(list, v) {
		return list
	}
	return append(slices.Clone(list), v)
}

func plain(codes []Code) []string {
	list := make([]string, len(codes))
	for i, c := range codes {
		list[i] = string(c)
	}
	return list
}
