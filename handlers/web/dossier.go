package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
)

// dossierPage answers whose turn it is, by when and why; then what is known, what happened, and what it looked like before.
type dossierPage struct {
	ID        string
	Code      string
	Back      string
	State     dossier.State
	Tag       tag
	Turn      string
	Why       because
	Due       dueView
	Procedure procedureRow
	Ahead     []aheadView
	Group     []member // dossiers of the same reception
	Openings  []opening
	Acts      []actLink
	Facts     []fact
	Files     []fileRow
	Upload    *uploadForm // nil for who may not attach
	Signed    *signedView
	History   []event
	Texts     int    // that people typed
	Show      string // all, compact, raw
	Depths    []depth
	Replay    replay
	Done      string // what the act just did
	Stamp     stamp
	Past      bool
}

// HasRare says whether some acts stand behind a click.
func (p dossierPage) HasRare() bool {
	return slices.ContainsFunc(p.Acts, func(a actLink) bool { return a.Rare })
}

type tag struct{ Tone, Words string }

type because struct {
	Words string
	At    time.Time
	By    domain.Actor
}

type fact struct {
	Name, Text string
	Time       time.Time
}

// fileRow is a file as its dossier knows it: what it is and stands for. Its name is in the vault and not shown here.
type fileRow struct {
	Number            int
	Words, Part, Size string
	By                string
	At                time.Time
	URL, ID           string
	SignedBy          []string
	Message           int // the last one it was sent with
}

// attachFile is the command that an upload sends when its file was found clean.
const attachFile = "attach-file"

// signFile needs a file, and somebody who signs.
const signFile = "sign-file"

func (v *visit) files(state dossier.State) (rows []fileRow) {
	for i, f := range state.Files {
		words := label("media_type", string(f.Media), v.lang)
		if f.Kind != "" {
			words = label("file_kind", string(f.Kind), v.lang) + ", " + words
		}
		rows = append(rows, fileRow{i + 1, words, f.Component, v.weight(f.Size), f.By, f.At, "/v1/files/" + f.File + "/content", f.File, f.SignedBy, f.Message})
	}
	return rows
}

// weight is a length in bytes as people say it.
func (f format) weight(bytes int) string {
	switch {
	case bytes >= 1<<20:
		return f.Num(int64((bytes+1<<19)>>20)) + nb + "MB"
	case bytes >= 1<<10:
		return f.Num(int64((bytes+1<<9)>>10)) + nb + "KB"
	}
	return f.Num(int64(bytes)) + nb + "byte"
}

type actLink struct {
	Words, URL, Stopped string
	Primary, Rare       bool // rare ones stand behind a click
}

func (s *site) dossier(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, facts, err := s.open(r, v)
	if err != nil {
		return err
	}
	asked, form, err := readAsked(r.URL.Query(), s.Zone)
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), &form); err != nil {
		return err
	}
	state, err := s.stateAsked(r.Context(), id, facts, asked)
	if err != nil {
		return err
	}
	p := s.dossierPage(v, id, facts, state, form)
	if p.Stamp, err = s.journalStamp(r.Context(), v); err != nil {
		return err
	}
	if !p.Past {
		if p.Ahead, err = s.ahead(r.Context(), v, state); err != nil {
			return err
		}
		if grouped(state) {
			all, err := s.Executor.Reception(r.Context(), *v.Actor, id)
			if err != nil {
				return err
			}
			p.Group = s.members(v, all, p.ID)
		}
	}
	s.Executor.Opened(r.Context(), handlers.Accessor{Actor: *v.Actor, Traceparent: handlers.CallOf(r.Context()).Traceparent}, id)
	if p.Openings, err = s.openings(r.Context(), v, id); err != nil {
		return err
	}
	p.Done = s.justDone(r, v, facts)
	return s.render(w, r, v, http.StatusOK, "dossier", Words{"Hồ sơ %s", "Dossier %s"}.In(v.lang, p.Code), p)
}

// opening is one time that the dossier was opened.
type opening struct {
	At              time.Time
	Who, Unit, What string
}

// mostOpenings is how many of the newest the page shows, mostRows how many of them may be rows of lists, which are many: /v1/dossiers/{id}/access
// has them all.
const (
	mostOpenings = 10
	mostRows     = 3
)

func (s *site) openings(ctx context.Context, v *visit, id uuid.UUID) (list []opening, err error) {
	page, err := s.Executor.Openings(ctx, *v.Actor, id, 0, 10*mostOpenings)
	rows := 0
	for _, o := range page.Items {
		if o.What == "list" {
			rows++
		}
		if o.What == "list" && rows > mostRows || len(list) == mostOpenings {
			continue
		}
		list = append(list, opening{o.At, label("role", string(o.Role), v.lang), unitWords(o.Unit, v.lang), o.Words(string(v.lang))})
	}
	return list, err
}

// open finds the dossier of the address by id or code and reads it from the journal, so a page is never behind its own acts.
func (s *site) open(r *http.Request, v *visit) (uuid.UUID, []dossier.Fact, error) {
	actor, err := v.known()
	if err != nil {
		return uuid.Nil, nil, err
	}
	id, err := s.find(r.Context(), r.PathValue("id"))
	if err != nil {
		return uuid.Nil, nil, err
	}
	facts, err := s.Executor.Facts(r.Context(), id)
	if err != nil {
		return uuid.Nil, nil, orNoDossier(err, r.PathValue("id"))
	}
	return id, facts, orNoDossier(s.Executor.MayRead(r.Context(), actor, dossier.Fold(facts)), r.PathValue("id"))
}

func (s *site) find(ctx context.Context, idOrCode string) (uuid.UUID, error) {
	if id, err := uuid.Parse(idOrCode); err == nil {
		return id, nil
	}
	id, ok, err := s.Views.Find(ctx, idOrCode)
	if err != nil {
		return uuid.Nil, err
	}
	if !ok {
		return uuid.Nil, noDossier{idOrCode}
	}
	return id, nil
}

func orNoDossier(err error, code string) error {
	if errors.Is(err, handlers.ErrNotFound) {
		return noDossier{code}
	}
	return err
}

// stateAsked folds the state that the address asks for: now, after a version, or at a moment as it was known.
func (s *site) stateAsked(ctx context.Context, id uuid.UUID, facts []dossier.Fact, asked handlers.Asked) (dossier.State, error) {
	if asked == (handlers.Asked{}) {
		return dossier.Fold(facts), nil
	}
	state, _, err := s.Executor.AsOf(ctx, id, asked)
	return state, err
}

func (s *site) dossierPage(v *visit, id uuid.UUID, facts []dossier.Fact, state dossier.State, form askedForm) dossierPage {
	p := dossierPage{
		ID: id.String(), Code: codeOf(id, dossier.Fold(facts)), Back: "/dossiers", State: state, Past: form.past(len(facts)),
		Tag: tag{state.Tone(), state.Words(string(v.lang))}, Turn: turn(state, v.lang), Due: v.dueOf(state, form.moment(facts, s.Now())),
		Procedure: v.procedureOf(state.Procedure, state.ProcedureVersion), Show: showOf(v.URL.Query().Get("show")),
	}
	p.Due.Long = true
	for _, f := range facts {
		for place := range dossier.TextsOf(f.Event) {
			if place != dossier.InEvidence {
				p.Texts++
			}
		}
	}
	p.History = v.events(facts, form, p.Show)
	p.Depths = v.depths(p.Show, len(facts), milestones(facts))
	p.Replay = v.replay(id, facts, state, form)
	p.Why = v.why(facts, form)
	p.Facts, p.Files, p.Signed = v.facts(state, id), v.files(state), v.signedOf(state, id)
	if !p.Past {
		p.Acts, p.Upload = s.acts(v, id, state), s.uploadForm(v, id, state, nil)
	}
	return p
}

// codeOf is what people call a dossier: its code, or the head of its id until it has one.
func codeOf(id uuid.UUID, s dossier.State) string { return called(id, s.KnownBy()) }

// called is how people know a dossier: by its code, or while it has none by what its id begins with.
func called(id uuid.UUID, code string) string {
	if code != "" {
		return code
	}
	return strings.ToUpper(id.String()[:8])
}

func (v *visit) procedureOf(id string, number int) procedureRow {
	l, row := v.lang, procedureRow{ID: id, Name: v.titleOf(id)}
	if version, ok := v.rules.Version(id, number); ok {
		row.Code, row.Limit, row.Sector, row.Open = nationalCode(version), limit(version, l), sectorWords(version.Sector, l), version.OpenForFiling
	}
	return row
}

// why names the last fact that moved the dossier or passed the turn: the reason it stands where it stands.
func (v *visit) why(facts []dossier.Fact, form askedForm) because {
	var state dossier.State
	var last dossier.Fact
	for _, f := range facts {
		if !form.includes(f) {
			continue
		}
		after := dossier.Evolve(state, f)
		if after.Status != state.Status || turns(after) != turns(state) {
			last = f
		}
		state = after
	}
	return because{Words: label("event", last.Type, v.lang), At: last.OccurredAt, By: last.Meta.By()}
}

// acts lists what the role may do now. One that a rule would refuse stays visible with its reason, so nobody has to guess.
func (s *site) acts(v *visit, id uuid.UUID, state dossier.State) []actLink {
	actor, err := v.known()
	if err != nil {
		return nil
	}
	var out []actLink
	for _, name := range v.allowed(state, actor, s.Now()) {
		if v.may(name) != nil {
			continue
		}
		if name == signFile && (!s.Executor.Signs() || len(state.Files) == 0) {
			continue
		}
		if !prescribed(name, state) || name == attachFile { // it follows an upload, which no form of codes can do
			continue
		}
		link := actLink{Rare: rare[name], Words: verb(name, v.lang), URL: "/dossiers/" + id.String() + "/do/" + name, Primary: name == nextAct(state)}
		link.Stopped = v.stopped(state, name, actor, s.Now())
		link.Primary = link.Primary && link.Stopped == ""
		out = append(out, link)
	}
	slices.SortStableFunc(out, func(a, b actLink) int { return before(a.Primary, b.Primary) })
	return out
}

// given is what an act of the actor brings with it now.
func (v *visit) given(state dossier.State, actor domain.Actor, now time.Time) dossier.Context {
	x := dossier.Context{Now: now, Actor: actor}
	x.Delegations = handlers.Delegations(v.house, state, actor.Account, x.When(state))
	return x
}

// allowed lists what the role may do now, and what the account may do in another's place.
func (v *visit) allowed(state dossier.State, actor domain.Actor, now time.Time) []string {
	names := dossier.Allowed(state, actor.Role)
	for _, o := range dossier.OffersIn(state, v.given(state, actor, now)) {
		if o.Refusal == nil && !slices.Contains(names, o.Command) {
			names = append(names, o.Command)
		}
	}
	return names
}

func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// stopped asks the domain, which is pure, what it would say to the act, where no field is needed to ask.
func (v *visit) stopped(state dossier.State, name string, actor domain.Actor, now time.Time) string {
	probe := map[string]dossier.Command{
		"accept": dossier.AcceptDossier{}, "start-appraisal": dossier.StartAppraisal{}, "accept-supplement": dossier.AcceptSupplement{},
		"sign": dossier.SignResult{}, "number": dossier.NumberResult{}, "issue": dossier.IssueResult{}, "approve": dossier.Approve{Outcome: state.Proposal},
		"submit-supplement": dossier.SubmitSupplement{},
	}[name]
	if probe == nil {
		return ""
	}
	context := v.given(state, actor, now)
	if version, ok := v.rules.Version(state.Procedure, state.ProcedureVersion); ok {
		context.Procedure = &version
	}
	_, err := dossier.Decide(state, probe, context)
	if refusal, ok := err.(*domain.Refusal); ok {
		return Words{refusal.VI, refusal.EN}.In(v.lang)
	}
	return ""
}

// nextAct is the act that carries the dossier on its usual way.
func nextAct(s dossier.State) string {
	switch s.Status {
	case dossier.Submitted:
		return "accept"
	case dossier.Accepted:
		return "forward"
	case dossier.Forwarded:
		return "assign-officer"
	case dossier.Assigned:
		return "start-appraisal"
	case dossier.Appraising:
		return "submit-for-approval"
	case dossier.Verifying:
		switch {
		case len(s.OpenOpinions()) > 0:
			return "record-opinion"
		case mending(s):
			return "report-remediation"
		}
		return "finish-work"
	case dossier.AwaitingPayment:
		return "confirm-payment"
	case dossier.SupplementAtReception, dossier.SupplementRequestedStatus:
		if answered(s) {
			return "accept-supplement"
		}
		return "submit-supplement"
	case dossier.WithdrawalRequestedStatus:
		return "accept-withdrawal"
	case dossier.PendingApproval:
		return "approve"
	case dossier.Approved:
		switch {
		case s.Numbered.Done():
			return "issue"
		case s.Signed.Done():
			return "number"
		}
		return "sign"
	case dossier.Resolved:
		return "return"
	}
	return ""
}

// justDone words what the act that led here did, and keeps its promise about the list.
func (s *site) justDone(r *http.Request, v *visit, facts []dossier.Fact) string {
	position, err := strconv.ParseInt(r.URL.Query().Get("min_position"), 10, 64)
	if err != nil {
		return ""
	}
	for _, f := range facts {
		if f.Position != position {
			continue
		}
		if r.URL.Query().Has("again") {
			return Words{"Đã nhận lúc %s. Nút bấm hai lần, chỉ ghi một lần.", "Received at %s. Pressed twice, recorded once."}.In(v.lang, v.Seconds(f.RecordedAt))
		}
		said := Words{"Đã ghi lúc %s (sự kiện %s).", "Recorded at %s (event %s)."}.In(v.lang, v.Seconds(f.RecordedAt), v.Num(position))
		if stamp, err := s.Views.Stamp(r.Context()); err == nil && stamp.Position < position {
			said += " " + Words{"Danh sách sẽ theo kịp trong giây lát.", "The list will follow in a moment."}.In(v.lang)
		}
		return said
	}
	return ""
}
