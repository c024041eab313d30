package dossier

import (
	"slices"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

// Work is what the authority, or another one, does to know whether a dossier may be granted (Decree 118/2025, Article 19.4): a desk
// check, an inspection on site, a laboratory, a council, a publication. An inspection may find something to mend; then the applicant
// has a window of its own, reports, and is inspected again.

// WorkKind is what is done.
type WorkKind string

// The kinds of work. Remediation follows from an inspection only.
const (
	DeskCheck   WorkKind = "desk_check"
	Inspection  WorkKind = "inspection"
	Laboratory  WorkKind = "laboratory"
	Council     WorkKind = "council"
	Publication WorkKind = "publication"
	Remediation WorkKind = "remediation"
)

func (WorkKind) values() []string {
	return []string{"desk_check", "inspection", "laboratory", "council", "publication", "remediation"}
}

// Finding is what came of it.
type Finding string

// The findings that the rules know apart from each other.
const (
	Passed         Finding = "passed"
	Failed         Finding = "failed"
	ToMend         Finding = "remediate"
	FindingUnknown Finding = "unknown" // imports only
)

func (Finding) values() []string {
	return []string{"passed", "passed_with_conditions", "failed", "remediate", "unknown"}
}

// BeginWork sets a piece of work going. Of a step that the procedure prescribes the kind, the unit and the time follow by themselves.
type BeginWork struct {
	Step Code      `json:"step,omitempty"` // as the procedure names it
	Kind WorkKind  `json:"kind,omitempty"` // required without a step
	Unit Code      `json:"unit,omitempty"`
	At   time.Time `json:"at,omitzero"`  // when people meet: inspections and councils
	Due  time.Time `json:"due,omitzero"` // by when it is to be finished
	Text Text      `json:"text,omitzero"`
}

// FinishWork says what came of the work of that number.
type FinishWork struct {
	Number  int     `json:"number" range:"1-99"`
	Finding Finding `json:"finding"`
	Text    Text    `json:"text,omitzero"`
}

// ReportRemediation says that what an inspection found has been mended.
type ReportRemediation struct {
	Number int  `json:"number" range:"1-99"`
	Text   Text `json:"text,omitzero"`
}

// WorkBegun sets a piece of work going. Numbers count from 1 within the dossier.
type WorkBegun struct {
	Number    int       `json:"number"`
	Kind      WorkKind  `json:"kind"`
	Step      Code      `json:"step,omitempty"`
	Unit      Code      `json:"unit,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Due       time.Time `json:"due,omitzero"`
	Inspected int       `json:"inspected,omitempty"`   // remediation: the inspection that asks for it
	Stops     bool      `json:"stops,omitempty"`       // the clock stands still meanwhile
	OutOfFlow bool      `json:"out_of_flow,omitempty"` // not what the procedure prescribes, or before its turn
	Text      Text      `json:"text,omitzero"`
	Of
}

// WorkFinished says what came of it. Late says that it was over its time.
type WorkFinished struct {
	Number  int     `json:"number"`
	Finding Finding `json:"finding"`
	Late    bool    `json:"late,omitempty"`
	Text    Text    `json:"text,omitzero"`
	Of
}

// RemediationReported says that the applicant has mended what was found.
type RemediationReported struct {
	Number int  `json:"number"`
	Late   bool `json:"late,omitempty"`
	Text   Text `json:"text,omitzero"`
	Of
}

// ClockResumed lets the limit go on where it stood still. The time between does not count.
type ClockResumed struct {
	Reason StopReason `json:"reason"`
	OldDue time.Time  `json:"old_due,omitzero"`
	Term
	Of
}

// Work is one piece of work as it stands.
type Work struct {
	Number     int       `json:"number"`
	Kind       WorkKind  `json:"kind"`
	Step       string    `json:"step,omitempty"`
	Unit       string    `json:"unit,omitempty"`
	BegunAt    time.Time `json:"begun_at,omitzero"`
	At         time.Time `json:"at,omitzero"`
	Due        time.Time `json:"due,omitzero"`
	Inspected  int       `json:"inspected,omitempty"`
	Stops      bool      `json:"stops,omitempty"`
	OutOfFlow  bool      `json:"out_of_flow,omitempty"`
	Finding    Finding   `json:"finding,omitempty"` // none where the applicant reported
	FinishedAt time.Time `json:"finished_at,omitzero"`
	Late       bool      `json:"late,omitempty"`
}

// Open says whether the work is going on.
func (w Work) Open() bool { return w.FinishedAt.IsZero() }

// OpenWorks returns what is going on, the oldest first.
func (s State) OpenWorks() []Work {
	return slices.DeleteFunc(slices.Clone(s.Works), func(w Work) bool { return !w.Open() })
}

func (s State) work(number int) (Work, bool) {
	at := slices.IndexFunc(s.Works, func(w Work) bool { return w.Number == number })
	if at < 0 {
		return Work{}, false
	}
	return s.Works[at], true
}

// verified says whether nothing is awaited any more.
func (s State) verified() bool {
	return !slices.ContainsFunc(s.Opinions, Opinion.Open) && !slices.ContainsFunc(s.Works, Work.Open)
}

// unchecked says whether the last inspection asked for something to be mended and nobody has looked since.
func (s State) unchecked() bool {
	for i := len(s.Works) - 1; i >= 0; i-- {
		if w := s.Works[i]; w.Kind == Inspection && !w.Open() {
			return w.Finding == ToMend
		}
	}
	return false
}

// stepDone says whether a prescribed step was finished and not failed.
func (s State) stepDone(code string) bool {
	return slices.ContainsFunc(s.Works, func(w Work) bool {
		return w.Step == code && !w.Open() && w.Kind != Remediation && w.Finding != Failed && w.Finding != ToMend
	})
}

// heardFrom says whether a unit that the procedure wants asked has answered, or let its time pass.
func (s State) heardFrom(step procedure.WorkStep) bool {
	return slices.ContainsFunc(s.Opinions, func(o Opinion) bool {
		return !o.Open() && (o.Unit == step.Unit && step.Unit != "" || o.Subject == step.Code)
	})
}

// flow is what the dossier's procedure prescribes; nothing where none is known.
func (q question) flow() procedure.Flow {
	if q.x.Procedure == nil {
		return procedure.Flow{}
	}
	return q.x.Procedure.Flow
}

// prescribed is the step of the procedure that a BeginWork names.
func (q question) prescribed() (procedure.WorkStep, bool) {
	code := string(q.c.(BeginWork).Step)
	for _, s := range q.flow().Steps {
		if s.Code == code {
			return s, true
		}
	}
	return procedure.WorkStep{}, false
}

// owed lists the steps that must be finished before a dossier can be granted.
func (q question) owed() []string {
	var owed []string
	for _, s := range q.flow().Steps {
		due := s.Required && s.Kind != procedure.Remediation && (s.When == "" || q.s.Holds(s.When))
		if due && !q.s.stepDone(s.Code) && !(s.Kind == procedure.Opinion && q.s.heardFrom(s)) {
			owed = append(owed, s.Code)
		}
	}
	return owed
}

// before lists the steps that should be finished before this one begins.
func (q question) before() []string {
	s, _ := q.prescribed()
	return slices.DeleteFunc(slices.Clone(s.After), q.s.stepDone)
}

func (q question) kind() WorkKind {
	if c := q.c.(BeginWork); c.Kind != "" {
		return c.Kind
	}
	s, _ := q.prescribed()
	return WorkKind(s.Kind)
}

// working is the work that a command is about.
func (q question) working() (Work, bool) {
	switch c := q.c.(type) {
	case FinishWork:
		return q.s.work(c.Number)
	case ReportRemediation:
		return q.s.work(c.Number)
	}
	return Work{}, false
}

func (c BeginWork) already(q question) bool {
	return slices.ContainsFunc(q.s.Works, func(w Work) bool {
		return w.Open() && w.Kind != Remediation && w.Step == string(c.Step) && (c.Kind == "" || w.Kind == c.Kind) && w.Unit == string(q.place()) && w.At.Equal(instant(c.At))
	})
}

// place is who does the work.
func (q question) place() Code {
	c := q.c.(BeginWork)
	if s, known := q.prescribed(); known && c.Unit == "" {
		return Code(s.Unit)
	}
	return c.Unit
}

func (c BeginWork) facts(q question) []Event {
	s, _ := q.prescribed()
	begun := WorkBegun{
		Number: len(q.s.Works) + 1, Kind: q.kind(), Step: c.Step, Unit: q.place(), At: instant(c.At), Due: instant(c.Due),
		Stops: s.Clock == procedure.Stops, OutOfFlow: q.outOfFlow, Text: c.Text, Of: q.of(),
	}
	if cal := q.x.Calendar; begun.Due.IsZero() && len(s.Limits) > 0 && cal != nil && cal.Exists() {
		begun.Due = instant(cal.CountAll(q.s.FiledAt, q.at, s.Limits, q.x.Procedure.Policy).Due)
	}
	return append([]Event{begun}, q.clock(begun.Stops || q.held(0), AwaitingWork)...)
}

func (c FinishWork) already(q question) bool {
	w, known := q.working()
	return known && !w.Open() && w.Finding == c.Finding
}

func (c FinishWork) facts(q question) []Event {
	w, _ := q.working()
	events := []Event{WorkFinished{c.Number, c.Finding, q.late, c.Text, q.of()}}
	if c.Finding != ToMend {
		return append(events, q.clock(q.held(c.Number), AwaitingWork)...)
	}
	flow := q.flow()
	mend := WorkBegun{
		Number: len(q.s.Works) + 1, Kind: Remediation, Step: Code(w.Step), Inspected: c.Number, Stops: flow.RemediationStop,
		Due: endOfDay(q.at, remediationDays(flow)), Of: q.of(),
	}
	return append(append(events, mend), q.clock(mend.Stops || q.held(c.Number), AwaitingRemediation)...)
}

// remediationDays is the window of the procedure, else as long as for a supplement.
func remediationDays(f procedure.Flow) int {
	if f.RemediationDays > 0 {
		return f.RemediationDays
	}
	return procedure.SupplementDays
}

func (c ReportRemediation) already(q question) bool {
	w, known := q.working()
	return known && w.Kind == Remediation && !w.Open() && w.Finding == ""
}

func (c ReportRemediation) facts(q question) []Event {
	return append([]Event{RemediationReported{c.Number, q.late, c.Text, q.of()}}, q.clock(q.held(c.Number), AwaitingRemediation)...)
}

// held says whether open work other than that of a number keeps the clock from running.
func (q question) held(but int) bool {
	return slices.ContainsFunc(q.s.Works, func(w Work) bool { return w.Open() && w.Stops && w.Number != but })
}

// clock stops the clock or lets it go on, where it does not do so already.
func (q question) clock(stands bool, why StopReason) []Event {
	stood := !q.s.Clock.StoppedAt.IsZero()
	switch {
	case stands && !stood:
		return []Event{ClockStopped{why, q.of()}}
	case !stands && stood:
		return []Event{ClockResumed{Reason: why, OldDue: q.s.Due, Term: q.onward(), Of: q.of()}}
	}
	return nil
}

func (e WorkBegun) evolve(s State, act Act) State {
	if s.Status != Verifying {
		s.Status, s.BackTo = Verifying, s.Status
	}
	s.Works = append(slices.Clone(s.Works), Work{
		Number: e.Number, Kind: e.Kind, Step: string(e.Step), Unit: string(e.Unit), BegunAt: act.At, At: instant(e.At), Due: instant(e.Due),
		Inspected: e.Inspected, Stops: e.Stops, OutOfFlow: e.OutOfFlow,
	})
	return s
}

func (e WorkFinished) evolve(s State, act Act) State {
	return s.finished(e.Number, e.Finding, e.Late, act)
}

func (e RemediationReported) evolve(s State, act Act) State {
	return s.finished(e.Number, "", e.Late, act)
}

// finished closes a piece of work; the last answer leads back, unless something is to be mended: that begins with the next fact.
func (s State) finished(number int, f Finding, late bool, act Act) State {
	s.Works = slices.Clone(s.Works)
	for i := range s.Works {
		if w := &s.Works[i]; w.Number == number {
			w.Finding, w.FinishedAt, w.Late = f, act.At, late
		}
	}
	return s.backIfVerified()
}

func (s State) backIfVerified() State {
	if s.Status == Verifying && s.verified() {
		s.Status, s.BackTo = s.BackTo, None
	}
	return s
}

// evolve lets the limit go on; a date that was decided stands.
func (e ClockResumed) evolve(s State, act Act) State {
	if !s.Clock.StoppedAt.IsZero() {
		s.Clock.Pauses = append(slices.Clone(s.Clock.Pauses), calendar.Pause{From: s.Clock.StoppedAt, To: act.At})
	}
	s.Clock.StoppedAt = time.Time{}
	if s.DueSource != ExtendedDeadline {
		s.due(e.Term)
	}
	return s
}

func (BeginWork) Name() string         { return "BeginWork" }
func (FinishWork) Name() string        { return "FinishWork" }
func (ReportRemediation) Name() string { return "ReportRemediation" }

func (BeginWork) command()         {}
func (FinishWork) command()        {}
func (ReportRemediation) command() {}

// workGuards stand against work (guard.go asks them in their place).
var workGuards = []Guard{
	{Code: "work_kind_missing", On: []string{"BeginWork"}, Field: "kind", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { return q.kind() == "" },
		VI:     "Chưa ghi được: thủ tục không quy định bước này nên phải nói rõ loại việc. Chọn loại việc: kiểm tra hồ sơ, kiểm tra thực tế, kiểm nghiệm, hội đồng hoặc công khai.",
		EN:     "Not recorded: the procedure does not prescribe this step, so say what kind of work it is: desk check, inspection, laboratory, council or publication."},
	{Code: "follows_from_inspection", On: []string{"BeginWork"}, Field: "kind", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { return q.kind() == Remediation },
		VI:     "Việc khắc phục chỉ phát sinh từ kết luận kiểm tra thực tế. Ghi kết luận “cần khắc phục” cho lần kiểm tra.",
		EN:     "Remediation follows only from the finding of an inspection. Record the finding “to be mended” for the inspection."},
	{Code: "time_missing", Live: true, On: []string{"BeginWork"}, Field: "at", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool {
			return (q.kind() == Inspection || q.kind() == Council) && q.c.(BeginWork).At.IsZero()
		},
		VI: "Chưa ghi được: người nộp phải được mời kèm thời gian. Ghi ngày, giờ kiểm tra hoặc họp hội đồng.",
		EN: "Not recorded: the applicant is invited with a time. Give the date and time of the inspection or the council."},
	{Code: "due_in_past", Live: true, On: []string{"BeginWork"}, Field: "due", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { d := q.c.(BeginWork).Due; return !d.IsZero() && !d.After(q.at) },
		VI:     "Thời hạn làm xong phải sau lúc bắt đầu ({at}).",
		EN:     "The work must be due after it begins ({at})."},
	{Code: "step_not_prescribed", Soft: true, OutOfFlow: true, On: []string{"BeginWork"}, Field: "step",
		broken: func(q question) bool { _, known := q.prescribed(); return len(q.flow().Steps) > 0 && !known },
		VI:     "Thủ tục không quy định bước này. Vẫn làm được; việc này được đánh dấu ngoài trình tự.",
		EN:     "The procedure does not prescribe this step. It can be done all the same and is marked out of flow."},
	{Code: "step_before_others", Soft: true, OutOfFlow: true, On: []string{"BeginWork"}, Field: "step",
		broken: func(q question) bool { return len(q.before()) > 0 },
		VI:     "Theo thủ tục, trước bước này còn phải xong: {before}. Vẫn làm được; việc này được đánh dấu ngoài trình tự.",
		EN:     "The procedure wants these finished first: {before}. It can be done all the same and is marked out of flow."},
	{Code: "no_open_work", Whatever: true, On: []string{"FinishWork"}, Field: "number", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool {
			if q.offered() {
				return !slices.ContainsFunc(q.s.Works, Work.Open)
			}
			w, known := q.working()
			return !known || !w.Open()
		},
		VI: "Không có việc đang làm mang số này. Các việc đang làm: {works}.",
		EN: "No work with this number is going on. Going on: {works}."},
	{Code: "no_open_work", Whatever: true, On: []string{"ReportRemediation"}, Field: "number", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool {
			if q.offered() {
				return !slices.ContainsFunc(q.s.Works, func(w Work) bool { return w.Open() && w.Kind == Remediation })
			}
			w, known := q.working()
			return !known || !w.Open()
		},
		VI: "Không có việc đang làm mang số này. Các việc đang làm: {works}.",
		EN: "No work with this number is going on. Going on: {works}."},
	{Code: "not_remediation", On: []string{"ReportRemediation"}, Field: "number", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { w, _ := q.working(); return w.Kind != Remediation },
		VI:     "Việc mang số này không phải việc khắc phục của người nộp. Cán bộ được giao ghi kết quả việc này.",
		EN:     "The work with this number is not the applicant's to mend. The officer in charge records its result."},
	{Code: "only_inspection_asks", On: []string{"FinishWork"}, Field: "finding", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool {
			w, _ := q.working()
			return q.c.(FinishWork).Finding == ToMend && w.Kind != Inspection
		},
		VI: "Chỉ kiểm tra thực tế mới kết luận “cần khắc phục”. Chọn đạt, đạt kèm điều kiện hoặc không đạt.",
		EN: "Only an inspection can find something to be mended. Choose passed, passed with conditions or failed."},
	{Code: "window_not_over", Live: true, On: []string{"FinishWork"}, Field: "finding", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool {
			w, _ := q.working()
			return w.Kind == Remediation && q.c.(FinishWork).Finding == Failed && !q.at.After(w.Due)
		},
		VI: "Chưa kết luận được là không khắc phục: người nộp còn trong thời hạn khắc phục. Chờ hết hạn.",
		EN: "It is too early to say that nothing was mended: the applicant's window is still open. Wait until it is over."},
	{Code: "work_after_due", Soft: true, On: []string{"FinishWork", "ReportRemediation"}, Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { w, _ := q.working(); return !w.Due.IsZero() && q.at.After(w.Due) },
		VI:     "Việc này xong sau thời hạn của nó. Vẫn ghi nhận; việc này được đánh dấu muộn.",
		EN:     "The work was finished after its due time. It is recorded and marked late."},
	{Code: "remediation_unchecked", Live: true, On: []string{"SubmitForApproval"}, Field: "proposal", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { return q.c.(SubmitForApproval).Proposal == Grant && q.s.unchecked() },
		VI:     "Chưa trình chấp thuận được: lần kiểm tra gần nhất yêu cầu khắc phục và chưa kiểm tra lại. Kiểm tra lại, hoặc trình từ chối.",
		EN:     "It cannot be proposed for granting: the last inspection asked for something to be mended, and nobody has looked again. Inspect again, or propose refusal."},
	{Code: "steps_owed", Live: true, On: []string{"SubmitForApproval"}, Field: "proposal", Basis: "NĐ 118/2025, Điều 19.4",
		broken: func(q question) bool { return q.c.(SubmitForApproval).Proposal == Grant && len(q.owed()) > 0 },
		VI:     "Chưa trình chấp thuận được: thủ tục còn đòi các bước {owed}. Làm xong các bước này, hoặc trình từ chối.",
		EN:     "It cannot be proposed for granting: the procedure still wants {owed}. Finish these steps, or propose refusal."},
}
