package dossier

import (
	"slices"
	"time"

	"dossier/domain"
)

// question is one command put to one state: all that a guard may look at.
type question struct {
	s     State
	c     Command // nil while an act is only offered
	x     Context
	at    time.Time // when the act is true
	row   Transition
	stuck bool // no row of the table admits the command in this state

	late, outOfFlow bool // what the soft guards found
}

func (q question) name() string {
	if q.c == nil {
		return q.row.Command
	}
	return q.c.Name()
}

// offered says whether the act is only offered: its content is not known yet.
func (q question) offered() bool { return q.c == nil }

// step says whether an import notes a mere step: that is accepted whenever and wherever it stands.
func (q question) step() bool {
	_, is := q.c.(RecordStep)
	return is && q.x.imports()
}

// importedActOnly says whether no live act of this name exists.
func (q question) importedActOnly() bool {
	return !slices.ContainsFunc(transitions, func(t Transition) bool { return t.Command == q.name() && t.Origin == domain.Live })
}

// stage is where a request for a supplement stands: it follows from the state.
func (q question) stage() Stage {
	if q.s.Status == Appraising {
		return AtAppraisal
	}
	return AtReception
}

// asked says whether this stage has had as many requests as the procedure allows.
func (q question) asked() bool { return q.s.rounds(q.stage()) >= q.mostAsks() }

// mostAsks is how often each stage may ask: once, where the sector's law says nothing (Decree 118/2025, Articles 11.2c, 16.3 and 19.5).
func (q question) mostAsks() int {
	if v := q.x.Procedure; v != nil {
		return max(1, v.Supplement.MostPerStage)
	}
	return 1
}

// missing lists what the open request still waits for.
func (q question) missing() []string {
	open, _ := q.s.OpenSupplement()
	return slices.DeleteFunc(slices.Clone(open.Items), func(item string) bool { return has(open.Answered, item) })
}

// notAsked lists what is brought though nobody asked for it.
func (q question) notAsked() []Code {
	open, _ := q.s.OpenSupplement()
	return slices.DeleteFunc(slices.Clone(q.c.(SubmitSupplement).Items), func(item Code) bool { return has(open.Items, string(item)) })
}

// expiredTooSoon says whether a refusal for an expired window comes before the window is over.
func (q question) expiredTooSoon() bool {
	open, waiting := q.s.OpenSupplement()
	return q.c.(RefuseReception).Reason == SupplementExpired && (!waiting || !q.at.After(open.Until))
}

// undoing says whether the command takes another act back: it bears that one's time.
func (q question) undoing() bool { _, is := q.c.(UndoAct); return is }

// most is how many entries each numbered list of a dossier may have, so that no fold grows with its history.
const most = 99

// full says whether the list that the command would add to is full.
func (q question) full() bool {
	n := 0
	switch q.c.(type) {
	case RequestOpinion:
		n = len(q.s.Opinions)
	case BeginWork:
		n = len(q.s.Works)
	case RequestPayment:
		n = len(q.s.Payments)
	case TransferDossier:
		n = len(q.s.Transfers)
	case DelegateDecision:
		n = len(q.s.Delegations)
	case ReportError:
		n = len(q.s.Mistakes)
	case ReplaceResult:
		n = len(q.s.Papers)
	case LinkDossier:
		n = len(q.s.Links)
	case OpenComplaint:
		n = len(q.s.Complaints)
	}
	return n >= most
}

// opinion is the request that is being answered.
func (q question) opinion() (Opinion, bool) { return q.s.opinion(q.c.(RecordOpinion).Number) }
