package dossier

import (
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

// Context is what a command brings with it: Decide reads no clock and asks nobody.
type Context struct {
	Now         time.Time
	OccurredAt  time.Time // zero: it happens now
	Actor       domain.Actor
	Origin      domain.Origin
	LateReason  string             // of LateReasons, when OccurredAt is more than five minutes before Now
	Procedure   *procedure.Version // of the dossier, valid when it was filed
	Calendar    *calendar.Calendar // over which limits are counted; nil: none is known
	HoursOf     Code               // the agency whose hours are counted; none: those under the receiving unit's own code
	Delegations []Delegation       // of the organisation, to the actor and over this dossier, when the act is true
	Source      Source             // imports: kept in every event
	Evidence    *Evidence          // of the signature that comes with the act; nil: there is none
	Group       []Link             // that a dossier is filed with: the other dossiers of the same reception
	Sandbox     Code               // the round of a sandbox in which a dossier is filed; none: it is real
}

// When is the time at which the act is true, to be stored as the event's occurred_at: the one given, else now. A clock that is
// a little behind another never puts an act of now before the one it follows.
func (x Context) When(s State) time.Time {
	if !x.OccurredAt.IsZero() {
		return instant(x.OccurredAt)
	}
	if now := instant(x.Now); now.After(s.LastChange) {
		return now
	}
	return s.LastChange
}

// At is When, but for an act that takes another back: that bears the time of what it takes back.
func (x Context) At(s State, c Command) time.Time {
	if _, undoes := c.(UndoAct); undoes {
		if u, can := s.Undoable(); can {
			return u.At
		}
	}
	return x.When(s)
}

func (x Context) imports() bool { return x.Origin == domain.Imported }

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Decide answers a command with facts, with nothing when it is already so, or with a *domain.Refusal (a *domain.Invalid for
// a value that no rule could understand).
func Decide(s State, c Command, x Context) ([]Event, error) {
	q := question{s: s, c: c, x: x, at: x.At(s, c)}
	if err := q.understood(); err != nil {
		return nil, err
	}
	if q.already() {
		return nil, nil
	}
	row, found := move(c.Name(), s.Status, x.Origin)
	q.row, q.stuck = row, !found
	if err := q.guarded(); err != nil {
		return nil, err
	}
	return q.facts(), nil
}

// apart is a command whose part of the way has a file of its own: what it wishes, what follows, what it makes of the state.
type apart interface {
	Command
	already(question) bool
	facts(question) []Event
}

// of is what every fact of this command says of its source.
func (q question) of() Of { return Of{q.x.Source} }

// facts says what has happened once nothing stands against it.
func (q question) facts() []Event {
	of := q.of()
	switch c := q.c.(type) {
	case SubmitDossier:
		events := []Event{DossierSubmitted{c.Procedure, q.x.Procedure.Number, c.Channel, c.Applicant, c.Unit, c.ExternalCode, c.Support, "", c.Facts, c.Values, c.Entries, c.Submitter, c.Mandate, checkWithin(q.x.Procedure), q.x.Procedure.Confidential, q.x.Sandbox, of}}
		for _, l := range q.x.Group {
			events = append(events, DossierLinked{Ref(l.Other), l.Kind, of})
		}
		return events
	case AcceptDossier:
		return []Event{q.accepts(c)}
	case RefuseReception:
		return []Event{ReceptionRefused{c.Reason, c.Basis, q.late, c.Text, of}}
	case RequestSupplement:
		asked := SupplementRequested{q.stage(), c.Items, c.Reason, q.window(), len(q.s.Supplements) + 1, c.Parts, q.late, c.Text, of}
		if asked.Stage == AtReception {
			return []Event{asked}
		}
		return []Event{asked, ClockStopped{AwaitingSupplement, of}}
	case SubmitSupplement:
		return []Event{SupplementSubmitted{q.brought(), q.late, c.Facts, c.Denied, c.Values, c.Entries, of}}
	case AcceptSupplement:
		answer, _ := q.s.OpenSupplement()
		return []Event{SupplementAccepted{of}, ClockRestarted{answer.AnsweredAt, q.s.Due, q.term(answer.AnsweredAt), of}}
	case ExpireSupplement:
		open, _ := q.s.OpenSupplement()
		if open.Stage == AtReception {
			return []Event{SupplementWindowExpired{open.Stage, of}, ReceptionRefused{Reason: SupplementExpired, Basis: expiryBasis, Of: of}}
		}
		return []Event{SupplementWindowExpired{open.Stage, of}, DossierStopped{Reason: WindowExpired, Basis: expiryBasis, Of: of}}
	case ForwardDossier:
		return []Event{DossierForwarded{c.Unit, q.late, of}}
	case AssignOfficer:
		return []Event{OfficerAssigned{c.Officer, of}}
	case StartAppraisal:
		return []Event{AppraisalStarted{of}}
	case RequestOpinion:
		return []Event{OpinionRequested{len(q.s.Opinions) + 1, c.Unit, c.Subject, instant(c.Due), of}}
	case RecordOpinion:
		return []Event{OpinionReceived{c.Number, c.Verdict, q.late, q.silence(), c.Text, of}}
	case SubmitForApproval:
		return []Event{SubmittedForApproval{c.Proposal, c.Text, of}}
	case Approve:
		return []Event{c.decides(q)}
	case ReturnForRework:
		return []Event{ReturnedForRework{c.Reason, c.Text, of}}
	case ProposeExtension:
		return []Event{ExtensionProposed{instant(c.Due), c.Reason, q.late, c.Text, of}}
	case ApproveExtension:
		return []Event{DeadlineExtended{q.s.Due, q.s.Extension.Due, q.s.Extension.Reason, of}}
	case RequestWithdrawal:
		return []Event{WithdrawalRequested{c.Text, of}}
	case AcceptWithdrawal:
		return []Event{DossierStopped{Reason: ApplicantWithdrew, Of: of}}
	case RejectWithdrawal:
		return []Event{WithdrawalRejected{c.Reason, q.resumed(), c.Text, of}}
	case StopDossier:
		return []Event{DossierStopped{c.Reason, c.Basis, c.Text, of}}
	case SignResult:
		return []Event{c.signs(q)}
	case IssueResult:
		return c.issues(q)
	case ReturnResult:
		return []Event{ResultReturned{c.Way, c.recipient(), of}}
	case RecordStep:
		return []Event{StepRecorded{c.Code, c.Unit, c.Officer, c.Irregular, Of{c.source(q.x.Source)}}}
	case RecomputeDeadline:
		return []Event{DeadlineRecomputed{q.s.Due, q.recomputeReason(), q.recounted(), of}}
	case RecordDeadline:
		return []Event{DeadlineRecorded{instant(c.Due), ImportedDeadline, of}}
	case MoveToVersion:
		return []Event{VersionMoved{q.s.ProcedureVersion, c.Version, c.Ground, c.Basis, c.Text, of}}
	case RecordOutcome:
		return []Event{OutcomeRecorded{c.outcome(), of}}
	case apart:
		return c.facts(q)
	}
	panic("decide: a command outside the sealed set: " + q.c.Name())
}

// accepts says all that holds, where something was said of it; else what was filed stands.
func (q question) accepts(c AcceptDossier) DossierAccepted {
	accepted := DossierAccepted{ProcedureVersion: q.s.ProcedureVersion, Denied: c.Denied, Late: q.late, Term: q.term(q.at), Of: q.of()}
	if len(c.Facts)+len(c.Denied) > 0 {
		for _, f := range q.holding() {
			accepted.Facts = append(accepted.Facts, Code(f))
		}
	}
	return accepted
}

// expiryBasis is the article by which an unanswered request ends a dossier.
const expiryBasis Code = "nd-118-2025.19.5"

// lawfulWindow is the number of calendar days that the procedure, else Article 19.5, gives the applicant.
func (q question) lawfulWindow() int {
	if q.x.Procedure != nil && q.x.Procedure.SupplementDays > 0 {
		return q.x.Procedure.SupplementDays
	}
	return procedure.SupplementDays
}

func (q question) window() int {
	if days := q.c.(RequestSupplement).WindowDays; days > 0 {
		return days
	}
	return q.lawfulWindow()
}

// silence is what an unanswered request counts as, where the procedure says that silence agrees.
func (q question) silence() Verdict {
	c := q.c.(RecordOpinion)
	o, _ := q.opinion()
	for _, s := range q.flow().Steps {
		asked := s.Kind == procedure.Opinion && (s.Unit == o.Unit || s.Code == o.Subject)
		if c.Verdict == NoAnswer && asked && s.Silence == procedure.Agreed {
			return Agreed
		}
	}
	return ""
}

// brought lists the items that come with this answer and had not come before.
func (q question) brought() []Code {
	open, _ := q.s.OpenSupplement()
	given := q.c.(SubmitSupplement).Items
	var items []Code
	for _, item := range open.Items {
		if !has(open.Answered, item) && (len(given) == 0 || has(given, Code(item))) {
			items = append(items, Code(item))
		}
	}
	return items
}

func (c ReturnResult) recipient() Recipient {
	if c.To == "" {
		return Owner
	}
	return c.To
}

func (c RecordOutcome) outcome() Outcome {
	if c.Outcome == "" {
		return Unknown
	}
	return c.Outcome
}

func (c RecordStep) source(otherwise Source) Source {
	if own := (Source{c.Activity, c.Resource, c.Group, c.Case}); own != (Source{}) {
		return own
	}
	return otherwise
}
