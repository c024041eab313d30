package dossier

import "slices"

func has[T comparable](list []T, v T) bool { return slices.Contains(list, v) }

// already says whether the wish is a fact by now: the same content, and for acts that bear somebody's name the same account.
// Such a command may be repeated for ever and yields nothing; any other content goes on to the guards.
//
// A step is never already noted: the same work may be done twice. Repeats of one wish carry one command id, and the journal knows it.
func (q question) already() bool {
	s := q.s
	switch c := q.c.(type) {
	case SubmitDossier:
		return q.mine(s.Submitted) && s.filedAs(c)
	case AcceptDossier:
		return q.mine(s.Accepted)
	case RefuseReception:
		return q.mine(s.Refused) && s.RefusalReason == c.Reason && s.RefusalBasis == string(c.Basis)
	case RequestSupplement:
		open, ok := s.OpenSupplement()
		return ok && open.Reason == c.Reason && open.WindowDays == q.window() && sameItems(open.Items, c.Items)
	case SubmitSupplement:
		return s.alreadyBrought(c.Items)
	case AcceptSupplement:
		answer, ok := s.SupplementAt(AtAppraisal)
		return ok && q.mine(answer.Accepted)
	case ForwardDossier:
		return q.mine(s.Forwarded) && s.Unit == string(c.Unit)
	case AssignOfficer:
		return s.Officer == string(c.Officer)
	case StartAppraisal:
		return q.mine(s.Appraisal)
	case RequestOpinion:
		return slices.ContainsFunc(s.OpenOpinions(), func(o Opinion) bool { return o.asks(c) && o.Due.Equal(instant(c.Due)) })
	case RecordOpinion:
		o, ok := s.opinion(c.Number)
		return ok && o.Verdict == c.Verdict
	case SubmitForApproval:
		return q.mine(s.Proposed) && s.Proposal == c.Proposal
	case Approve:
		return q.mine(s.Decided) && s.Decision == c.Outcome
	case ExpireSupplement:
		return len(s.Supplements) > 0 && s.Supplements[len(s.Supplements)-1].Expired
	case ProposeExtension:
		return q.mine(s.Extension.Proposed) && s.Extension.Due.Equal(instant(c.Due)) && s.Extension.Reason == c.Reason
	case ApproveExtension:
		return q.mine(s.Extension.Approved)
	case RequestWithdrawal:
		return q.mine(s.Withdrawn)
	case RejectWithdrawal:
		return q.mine(s.Kept) && s.Status != WithdrawalRequestedStatus && s.KeptReason == c.Reason
	case ReturnForRework:
		return q.mine(s.Reworked) && s.Status == Appraising && s.ReworkReason == c.Reason
	case AcceptWithdrawal:
		return q.mine(s.Stopped) && s.StoppedReason == ApplicantWithdrew
	case StopDossier:
		return q.mine(s.Stopped) && s.StoppedReason == c.Reason && s.StoppedBasis == string(c.Basis)
	case MoveToVersion:
		return s.ProcedureVersion == c.Version
	case SignResult:
		return q.mine(s.Signed)
	case IssueResult:
		return q.mine(s.Issued)
	case ReturnResult:
		return q.mine(s.Returned) && s.Way == c.Way && s.To == c.recipient()
	case RecomputeDeadline:
		return has(running, s.Status) && !q.recounts()
	case RecordDeadline:
		return s.DueSource == ImportedDeadline && s.Due.Equal(instant(c.Due))
	case RecordOutcome:
		return q.mine(s.Resolved) && !s.Issued.Done() && s.Outcome == c.outcome()
	case apart:
		return c.already(q)
	}
	return false
}

// mine says whether the act was done, and by the account that asks now.
func (q question) mine(a Act) bool { return a.Done() && a.By == q.x.Actor.Account }

// filedAs says whether the submission was asked for in these words.
func (s State) filedAs(c SubmitDossier) bool {
	return s.Procedure == string(c.Procedure) && s.Channel == c.Channel && s.Applicant == string(c.Applicant) && s.FiledAt == string(c.Unit) &&
		s.ExternalCode == string(c.ExternalCode) && s.Agencies.Support == string(c.Support) && sameItems(s.Facts, c.Facts) && slices.Equal(s.Values, c.Values)
}

// alreadyBrought says whether the newest request has these items; without items, whether it has all.
func (s State) alreadyBrought(items []Code) bool {
	if len(s.Supplements) == 0 {
		return false
	}
	newest := s.Supplements[len(s.Supplements)-1]
	for _, item := range items {
		if !has(newest.Answered, string(item)) {
			return false
		}
	}
	return len(items) > 0 || newest.Complete()
}

func sameItems(asked []string, items []Code) bool {
	return slices.EqualFunc(asked, items, func(a string, b Code) bool { return a == string(b) })
}

func (o Opinion) asks(c RequestOpinion) bool {
	return o.Unit == string(c.Unit) && o.Subject == string(c.Subject)
}
