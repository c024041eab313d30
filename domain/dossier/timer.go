package dossier

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
)

// A timer is a moment by which somebody has to do something. Timers are not stored in a dossier: they follow from its state. What is
// stored is that a share of the limit was used up and who was told (TimerFired). Nothing else follows from that by itself: a timer
// proposes, an officer confirms.

// TimerKind is what is waited for.
type TimerKind string

// The kinds.
const (
	ReceptionTimer   TimerKind = "reception"   // the one-stop unit's answer to what has arrived
	SupplementTimer  TimerKind = "supplement"  // the applicant's answer
	ProcessingTimer  TimerKind = "processing"  // the result
	OpinionTimer     TimerKind = "opinion"     // another unit's answer
	WorkTimer        TimerKind = "work"        // an inspection, a laboratory, a council
	RemediationTimer TimerKind = "remediation" // the applicant mends what was found
	PaymentTimer     TimerKind = "payment"     // the applicant pays
	TransferTimer    TimerKind = "transfer"    // another agency takes the dossier in
	CorrectionTimer  TimerKind = "correction"  // an error of an issued paper is put right
	AnswerTimer      TimerKind = "answer"      // a message is answered
	StageTimer       TimerKind = "stage"       // a named part of the limit
	ComplaintTimer   TimerKind = "complaint"   // a complaint against the dossier is settled
	RenewalTimer     TimerKind = "renewal"     // the holder of a paper that runs out asks for a new one
)

func (TimerKind) values() []string {
	return []string{"reception", "supplement", "processing", "stage", "opinion", "work", "remediation", "payment", "transfer", "correction", "answer", "complaint", "renewal"}
}

// Notice is what is told.
type Notice string

// The notices.
const (
	NoticeAlert   Notice = "alert"    // something has arrived and waits
	NoticeDueSoon Notice = "due_soon" // a share of the limit is used up
	NoticeDue     Notice = "due"      // the limit is used up: who waits may act on it
	NoticeOverdue Notice = "overdue"  // more than the limit is used up
)

func (Notice) values() []string { return []string{"alert", "due_soon", "due", "overdue"} }

// timerKind is what the kinds differ in.
type timerKind struct {
	basis    Code
	proposes Command // what may be confirmed once the limit is used up; nil: nothing that follows by itself
	days     bool    // the applicant's time runs by day and night; an authority's in its working time
}

var timerKinds = map[TimerKind]timerKind{
	ReceptionTimer:   {basis: "nd-118-2025.17.2"},
	SupplementTimer:  {basis: "nd-118-2025.19.5", proposes: ExpireSupplement{}, days: true},
	ProcessingTimer:  {basis: "nd-118-2025.19.6", proposes: ApologiseForDelay{}},
	StageTimer:       {basis: "nd-118-2025.19.6"},
	OpinionTimer:     {basis: "nd-118-2025.19.4", proposes: RecordOpinion{}},
	WorkTimer:        {basis: "nd-118-2025.19.4", proposes: FinishWork{}},
	RemediationTimer: {basis: "nd-118-2025.19.4", proposes: FinishWork{}, days: true},
	PaymentTimer:     {basis: "nd-118-2025.24", proposes: ExpirePayment{}, days: true},
	TransferTimer:    {basis: "nd-118-2025.20"},
	CorrectionTimer:  {basis: "nd-118-2025.23", proposes: CorrectResult{}},
	AnswerTimer:      {days: true},
	ComplaintTimer:   {basis: "luat-02-2011.28", proposes: CloseComplaint{}},
	RenewalTimer:     {days: true},
}

// Timer is one that runs.
type Timer struct {
	Kind   TimerKind
	Number int              // of the request, the work, the payment, the message, the stage; 0 where there is one at a time
	From   time.Time        // from when on its limit is used up
	Due    time.Time        // the last moment in time; zero: it is still to be counted
	Limit  calendar.Limit   // what is to be counted then
	Pauses []calendar.Pause // that do not count
	Agency string           // whose working time counts
	Unit   string           // from whom something is awaited
}

// Basis is the article that the limit rests on, "" for one that somebody set.
func (t Timer) Basis() Code { return timerKinds[t.Kind].basis }

// Proposes is the command (kebab-case) that an officer may confirm once the limit is used up, "" for none.
func (t Timer) Proposes() string {
	if c := timerKinds[t.Kind].proposes; c != nil {
		return Kebab(c.Name())
	}
	return ""
}

// Timers lists what runs, those that must be counted dated by a calendar where it can tell, by the hours of an agency or, without one,
// of the receiving unit.
func Timers(s State, c *calendar.Calendar, hoursOf Code) []Timer {
	all := s.Timers()
	for i := range all {
		if hoursOf != "" {
			all[i].Agency = string(hoursOf)
		}
		if t := &all[i]; t.Due.IsZero() && c != nil && c.Exists() {
			if due := c.Count(t.Agency, t.From, t.Limit, calendar.WholeDays).Due; !due.IsZero() {
				t.Due = instant(due)
			}
		}
	}
	return all
}

// Timers lists what runs by the facts of the dossier alone, in the order of kinds and numbers.
func (s *State) Timers() []Timer {
	var all []Timer
	add := func(kind TimerKind, number int, from, due time.Time, unit string) {
		if from.IsZero() {
			from = due // its beginning is not known: all of it is used up at once
		}
		if !due.IsZero() {
			all = append(all, Timer{Kind: kind, Number: number, From: from, Due: due, Agency: s.FiledAt, Unit: unit})
		}
	}
	if s.Status == Submitted {
		all = append(all, Timer{Kind: ReceptionTimer, From: s.arrived(), Limit: s.checkLimit(), Agency: s.FiledAt, Unit: s.Unit})
	}
	if q, open := s.OpenSupplement(); open && s.Status == awaiting[q.Stage] && !q.Complete() {
		add(SupplementTimer, q.Number, q.RequestedAt, q.Until, "")
	}
	if has(running, s.Status) && s.Clock.StoppedAt.IsZero() && !s.Due.IsZero() {
		add(ProcessingTimer, 0, later(s.Clock.From(), s.Submitted.At), s.Due, s.Unit)
		all[len(all)-1].Pauses = s.Clock.Pauses
		all = append(all, s.stageTimers()...)
	}
	if s.Status == Verifying {
		for _, o := range s.Opinions {
			if o.Open() {
				add(OpinionTimer, o.Number, o.RequestedAt, o.Due, o.Unit)
			}
		}
		for _, w := range s.Works {
			switch {
			case w.Open() && w.Kind == Remediation:
				add(RemediationTimer, w.Number, w.BegunAt, w.Due, "")
			case w.Open():
				add(WorkTimer, w.Number, w.BegunAt, w.Due, cmp.Or(w.Unit, s.Unit))
			}
		}
	}
	if !s.Status.Terminal() {
		for _, p := range s.Payments {
			if p.Owed() {
				add(PaymentTimer, p.Number, p.RequestedAt, p.Until, "")
			}
		}
	}
	if !s.Status.Ended() {
		for _, t := range s.Transfers {
			if t.Open() {
				add(TransferTimer, t.Number, t.SentAt, t.Due, t.To)
			}
		}
	}
	if s.Status == Resolved || s.Status == Returned {
		for _, m := range s.Mistakes {
			if m.CorrectedAt.IsZero() {
				add(CorrectionTimer, m.Number, m.ReportedAt, m.Due, s.Unit)
			}
		}
		all = append(all, s.renewals()...)
	}
	if s.Status != Disposed {
		for _, m := range s.Messages.Open {
			add(AnswerTimer, m.Number, m.SentAt, m.AnswerBy, s.Unit)
		}
		for _, c := range s.Complaints {
			if l, limited := c.limit(); c.Open() && limited {
				all = append(all, Timer{Kind: ComplaintTimer, Number: c.Number, From: c.OpenedAt, Due: c.Due, Limit: l, Agency: s.FiledAt, Unit: cmp.Or(s.FiledAt, s.Unit)})
			}
		}
	}
	return all
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// At is when a share of the limit, in percent, is used up: in the agency's working time for what an authority owes, by day and night
// for what an applicant owes. False where the calendar does not tell.
func (t Timer) At(share int, c *calendar.Calendar) (time.Time, bool) {
	switch {
	case t.Due.IsZero():
		return time.Time{}, false
	case share == 100:
		return t.Due, true
	case timerKinds[t.Kind].days:
		return t.byDay(share), true
	case c == nil || !c.Exists():
		return time.Time{}, false
	}
	whole, known := c.Worked(t.Agency, t.From, t.Due, t.Pauses...)
	switch {
	case !known:
		return time.Time{}, false
	case whole == 0:
		return t.byDay(share), true
	}
	from := t.From
	if share > 100 {
		from, share = t.Due, share-100
	}
	at, known := c.After(t.Agency, from, whole/100*time.Duration(share), t.Pauses...)
	return instant(at), known
}

func (t Timer) byDay(share int) time.Time {
	return instant(t.From.Add(t.Due.Sub(t.From) / 100 * time.Duration(share)))
}

// Fired is what was told last of one timer.
type Fired struct {
	Timer  TimerKind `json:"timer"`
	Number int       `json:"number,omitempty"`
	Notice Notice    `json:"notice"`
	Share  int       `json:"share"`
	Due    time.Time `json:"due"`
	At     time.Time `json:"at"` // when that share was used up
	Told   time.Time `json:"told"`
	Tells  string    `json:"tells"` // roles
}

// Owes says whether a share of a timer's limit is still to be told, once it is used up at that moment. What was told of the same due
// date is told in order; after another date, what lies before the last notice has been overtaken by it.
func (s State) Owes(t Timer, share int, at time.Time) bool {
	i := s.fired(t.Kind, t.Number)
	if i < 0 {
		return true
	}
	if last := s.Fired[i]; !last.Due.Equal(t.Due) {
		return at.After(last.At)
	}
	return share > s.Fired[i].Share
}

func (s State) fired(kind TimerKind, number int) int {
	return slices.IndexFunc(s.Fired, func(f Fired) bool { return f.Timer == kind && f.Number == number })
}

// FireTimer records that a share of a limit is used up, and tells those whom a rule names. What the dossier has left behind meanwhile,
// or was told before, is nothing.
type FireTimer struct {
	Timer  TimerKind `json:"timer"`
	Number int       `json:"number,omitempty" range:"1-9999"`
	Notice Notice    `json:"notice"`
	Share  int       `json:"share" range:"1-1000"` // percent of the limit
	Due    time.Time `json:"due"`                  // that the timer had when it was looked at
	Tells  []Code    `json:"tells"`                // roles
	Rule   Code      `json:"rule"`                 // by which they are told
}

// TimerFired says that a share of a limit was used up and who is told.
type TimerFired struct {
	Timer  TimerKind `json:"timer"`
	Number int       `json:"number,omitempty" range:"1-9999"`
	Notice Notice    `json:"notice"`
	Share  int       `json:"share" range:"1-1000"`
	Due    time.Time `json:"due"`
	At     time.Time `json:"at"` // when the share was used up
	Tells  []Code    `json:"tells"`
	Unit   Code      `json:"unit,omitempty"` // from whom something is awaited
	Rule   Code      `json:"rule"`
	Basis  Code      `json:"basis,omitempty"`
	Of
}

// firing is the timer that a FireTimer is about, and when its share is used up. Not known: it does not run any more, or runs to another date.
func (q question) firing() (t Timer, at time.Time, known bool) {
	c, is := q.c.(FireTimer)
	if !is {
		return t, at, false
	}
	for _, t = range Timers(q.s, q.x.Calendar, q.x.HoursOf) {
		if t.Kind == c.Timer && t.Number == c.Number && t.Due.Equal(instant(c.Due)) {
			at, known = t.At(c.Share, q.x.Calendar)
			return t, at, known
		}
	}
	return Timer{}, at, false
}

func (c FireTimer) already(q question) bool {
	t, at, known := q.firing()
	return has(kept, q.s.Status) && (!known || !q.s.Owes(t, c.Share, at))
}

func (c FireTimer) facts(q question) []Event {
	t, at, _ := q.firing()
	return []Event{TimerFired{c.Timer, c.Number, c.Notice, c.Share, instant(c.Due), at, c.Tells, Code(t.Unit), c.Rule, t.Basis(), q.of()}}
}

func (e TimerFired) evolve(s State, act Act) State {
	f := Fired{e.Timer, e.Number, e.Notice, e.Share, instant(e.Due), instant(e.At), act.At, strings.Join(plain(e.Tells), ", ")}
	s.Fired = slices.Clone(s.Fired)
	if i := s.fired(e.Timer, e.Number); i >= 0 {
		s.Fired[i] = f
	} else {
		s.Fired = append(s.Fired, f)
	}
	return s
}

func (TimerFired) beside() {}

func (FireTimer) Name() string { return "FireTimer" }
func (FireTimer) command()     {}

// tellable says whether every name is a role of the authority.
func (c FireTimer) tellable() bool {
	return !slices.ContainsFunc(c.Tells, func(r Code) bool { return !slices.Contains(domain.Roles(), domain.Role(r)) })
}

var timerGuards = []Guard{
	{Code: "not_used_up", On: []string{"FireTimer"}, Field: "share",
		broken: func(q question) bool { _, at, _ := q.firing(); return at.After(q.x.Now) },
		VI:     "Chưa đến lúc báo: phần thời hạn này đến {reached} mới hết. Chờ đến lúc đó; bộ hẹn giờ sẽ tự báo.",
		EN:     "It is too early to tell: this share of the limit is used up at {reached}. Wait until then; the timer tells by itself."},
	{Code: "no_such_role", On: []string{"FireTimer"}, Field: "tells",
		broken: func(q question) bool { return !q.c.(FireTimer).tellable() },
		VI:     "Có vai trò không tồn tại trong danh sách người được báo. Dùng: {roles}.",
		EN:     "A role among those told does not exist. Use: {roles}."},
}
