package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
)

// actPage shows what an act will do before it is done: what is recorded, where the dossier stands then, who acts.
type actPage struct {
	ID, Code     string
	Command      string
	Words        string
	Procedure    string
	Tag          tag
	Due          dueView
	Version      int64
	Key          string
	Consequences []string
	Next         []tag
	Inputs       []input
	OccurredAt   string
	LateReasons  []option
	Corrects     []string // who will be told that what it was told no longer holds
	With         *input   // of a filing: further procedures of the same reception
	Actor        domain.Actor
	Errors       *problems
	Since        []event // what happened since the form was opened
	Legal        bool    // still legal now
	Action       string
	Cancel       string
}

// problems is the box above a form that could not be sent.
type problems struct {
	Title string
	Items []problem
	Could []way
}

type problem struct{ Field, Text, Basis string }

// actForm shows the consequences and the form.
func (s *site) actForm(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, facts, err := s.open(r, v)
	if err != nil {
		return err
	}
	p, err := s.actPage(v, id, facts, r.PathValue("command"), r.URL.Query())
	if err != nil {
		return err
	}
	return s.renderAct(w, r, v, http.StatusOK, p)
}

// actPage refuses an act the role may never do; one that is not legal now is shown with what is.
func (s *site) actPage(v *visit, id uuid.UUID, facts []dossier.Fact, command string, typed url.Values) (actPage, error) {
	state := dossier.Fold(facts)
	if shapes[command] == nil || command == submitCommand {
		return actPage{}, errNowhere
	}
	if err := v.may(command); err != nil {
		return actPage{}, err
	}
	p := actPage{
		ID: id.String(), Code: codeOf(id, state), Command: command, Words: verb(command, v.lang), Procedure: v.titleOf(state.Procedure),
		Tag: tag{state.Tone(), state.Words(string(v.lang))}, Due: v.dueOf(state, s.Now()), Version: state.Version, Key: handlers.NewKey(), Actor: *v.Actor,
		Inputs: s.inputs(v, command, state, typed), OccurredAt: typed.Get("occurred_at"), Action: "/dossiers/" + id.String() + "/do/" + command, Cancel: "/dossiers/" + id.String(),
		Legal: slices.Contains(v.allowed(state, *v.Actor, s.Now()), command),
	}
	p.LateReasons = v.lateReasons(typed)
	p.Consequences, p.Next = v.consequences(command, state)
	if command == "undo-act" {
		for _, c := range state.Corrections() {
			p.Corrects = append(p.Corrects, label("role", c.To, v.lang)+": "+c.Words(string(v.lang)))
		}
	}
	if !p.Legal {
		p.Errors = &problems{Title: Words{"Việc này chưa làm được ở bước hiện tại", "This cannot be done at the present step"}.In(v.lang), Could: s.could(v, id, state)}
	}
	return p, nil
}

// lateReasons are why an act may be entered later than it happened.
func (v *visit) lateReasons(typed url.Values) []option {
	var out []option
	for _, code := range dossier.LateReasons() {
		out = append(out, option{code, label("late_reason", code, v.lang), code == typed.Get("late_reason")})
	}
	return out
}

// consequences reads the law of moves: what will be recorded, and where the dossier stands afterwards.
func (v *visit) consequences(command string, state dossier.State) (recorded []string, next []tag) {
	for _, t := range dossier.Table() {
		if kebab(t.Command) != command || !slices.Contains(t.From, state.Status) {
			continue
		}
		for _, e := range t.Events {
			recorded = append(recorded, label("event", e, v.lang))
		}
		for _, to := range []dossier.Status{t.To, t.Else} {
			if to != "" {
				next = append(next, v.tagOf(state, to))
			}
		}
		return recorded, next
	}
	return nil, nil
}

// tagOf is the tag a dossier will wear; the two targets that are no state of their own are read from the state.
func (v *visit) tagOf(state dossier.State, to dossier.Status) tag {
	switch to {
	case dossier.Same:
		to = state.Status
	case dossier.Back:
		if to = state.BackTo; state.StoodAt != dossier.None {
			to = state.StoodAt
		}
	}
	after := state
	after.Status = to
	if to == dossier.Resolved && state.Decision == dossier.Refuse {
		after.Outcome = dossier.Refused
	} else if to == dossier.Resolved {
		after.Outcome = dossier.Granted
	}
	return tag{after.Tone(), after.Words(string(v.lang))}
}

// kebab takes a command's name in either of its forms.
func kebab(name string) string {
	if name != "" && name[0] >= 'A' && name[0] <= 'Z' {
		return dossier.Kebab(name)
	}
	return name
}

// could lists what the role can do instead.
func (s *site) could(v *visit, id uuid.UUID, state dossier.State) []way {
	var out []way
	for _, a := range s.acts(v, id, state) {
		if a.Stopped == "" {
			out = append(out, way{a.Words, a.URL})
		}
	}
	return append(out, way{Words{"xem hồ sơ", "see the dossier"}.In(v.lang), "/dossiers/" + id.String()})
}

func (s *site) renderAct(w http.ResponseWriter, r *http.Request, v *visit, status int, p actPage) error {
	title, name := p.Words+" · "+p.Code, "act"
	if p.Since != nil {
		name = "conflict"
	}
	if p.Errors != nil {
		title = Words{"Lỗi: ", "Error: "}.In(v.lang) + title
	}
	return s.render(w, r, v, status, name, title, p)
}

// act sends the command. Every answer that is not "done" comes back with what was typed still there.
func (s *site) act(w http.ResponseWriter, r *http.Request, v *visit) error {
	command := r.PathValue("command")
	id, facts, err := s.open(r, v)
	if err != nil {
		return s.refused(r, v, command, id, err)
	}
	p, err := s.actPage(v, id, facts, command, r.PostForm)
	if err != nil {
		return s.refused(r, v, command, id, err)
	}
	typed := r.PostForm
	if typed.Has("edit") {
		return s.renderAct(w, r, v, http.StatusOK, p)
	}
	receipt, err := s.do(r, v, id, command, typed)
	if err == nil {
		http.Redirect(w, r, done(receipt), http.StatusSeeOther)
		return nil
	}
	return s.notDone(w, r, v, p, facts, err)
}

// refused records a command that was refused before it was read; to be shown a form is none.
func (s *site) refused(r *http.Request, v *visit, command string, id uuid.UUID, err error) error {
	if v.Actor == nil {
		return err
	}
	return s.Executor.Refused(r.Context(), *v.Actor, handlers.Envelope{}, command, id, err)
}

func (s *site) do(r *http.Request, v *visit, id uuid.UUID, command string, typed url.Values) (handlers.Receipt, error) {
	data, err := body(command, typed, s.Zone)
	if err != nil {
		return handlers.Receipt{}, err
	}
	c, err := dossier.DecodeCommand(command, data)
	if err != nil {
		return handlers.Receipt{}, err
	}
	e, err := envelope(typed, data, s.Zone)
	if err != nil {
		return handlers.Receipt{}, err
	}
	return s.Executor.Do(r.Context(), *v.Actor, id, e, c)
}

// done is where a finished act leads: the dossier, which reads the journal and so shows it.
func done(receipt handlers.Receipt) string {
	q := url.Values{"min_position": {strconv.FormatInt(receipt.Position, 10)}}
	if receipt.Repeated {
		q.Set("again", "1")
	}
	return "/dossiers/" + receipt.ID.String() + "?" + q.Encode()
}

// notDone shows why, at the field and above the form, with what can be done instead.
func (s *site) notDone(w http.ResponseWriter, r *http.Request, v *visit, p actPage, facts []dossier.Fact, err error) error {
	var stale *handlers.Stale
	if errors.As(err, &stale) {
		return s.conflict(w, r, v, p, stale)
	}
	status, found := v.problems(p.Inputs, err)
	if found == nil {
		return err
	}
	if status == http.StatusConflict {
		if id, err := uuid.Parse(p.ID); err == nil {
			found.Could = s.could(v, id, dossier.Fold(facts))
		}
	}
	p.Errors, p.Key = found, r.PostForm.Get("key") // nothing was recorded under the key: it may be sent again
	return s.renderAct(w, r, v, status, p)
}

// problems words a refusal or an invalid value for the box above the form and for the field. Anything else is a page of its own.
func (v *visit) problems(inputs []input, err error) (int, *problems) {
	var invalid *domain.Invalid
	var refusal *domain.Refusal
	switch {
	case errors.As(err, &invalid):
		text := named(inputs, invalid.Field, Words{invalid.VI, invalid.EN}.In(v.lang))
		return http.StatusUnprocessableEntity, &problems{
			Title: Words{"Có 1 chỗ cần sửa trước khi gửi", "1 thing to fix before you send"}.In(v.lang),
			Items: []problem{{Field: atField(inputs, invalid.Field, text), Text: text}},
		}
	case errors.As(err, &refusal) && !handlers.Forbids(refusal):
		text := Words{refusal.VI, refusal.EN}.In(v.lang)
		return http.StatusConflict, &problems{
			Title: Words{"Chưa ghi: quy tắc chưa cho phép", "Not recorded: the rules do not allow it yet"}.In(v.lang),
			Items: []problem{{Field: atField(inputs, refusal.Field, text), Text: text, Basis: label("basis", refusal.Basis, v.lang)}},
		}
	}
	return 0, nil
}

// named calls a field by its label where the domain calls it by its name.
func named(inputs []input, field, text string) string {
	for _, in := range inputs {
		if in.Name == field {
			return strings.ReplaceAll(text, "“"+field+"”", "“"+in.Label+"”")
		}
	}
	return text
}

// atField says the same words at the field they are about, and returns it when the form has it.
func atField(inputs []input, field, text string) string {
	field, _, _ = strings.Cut(field, "[") // of a list
	for i := range inputs {
		if inputs[i].Name == field {
			inputs[i].Wrong = text
			return field
		}
	}
	return ""
}

// conflict shows what happened while the form was open. What was typed is kept; nothing is sent by itself.
func (s *site) conflict(w http.ResponseWriter, r *http.Request, v *visit, p actPage, stale *handlers.Stale) error {
	id, err := uuid.Parse(p.ID)
	if err != nil {
		return err
	}
	facts, err := s.Executor.Facts(r.Context(), id)
	if err != nil {
		return err
	}
	fresh, err := s.actPage(v, id, facts, p.Command, r.PostForm)
	if err != nil {
		return err
	}
	var before dossier.State
	for _, f := range facts {
		after := dossier.Evolve(before, f)
		if f.Version > stale.Expected {
			fresh.Since = append(fresh.Since, v.event(f, before, after))
		}
		before = after
	}
	fresh.Errors = &problems{Title: Words{"Hồ sơ đã đổi trong lúc soạn", "The dossier changed while you were writing"}.In(v.lang), Items: []problem{{Text: Words{"Nội dung vừa soạn còn nguyên, chưa gửi. Xem khác biệt rồi chọn.", "What you wrote is kept, not sent. Compare, then choose."}.In(v.lang)}}}
	return s.renderAct(w, r, v, http.StatusPreconditionFailed, fresh)
}
