package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/handlers"
)

// bulkForm is where one act on the dossiers that were ticked is filled in.
type bulkForm struct {
	Command, Words string
	IDs            []string
	Chosen         string
	Key            string
	Inputs         []input
	Consequences   []string
	Actor          domain.Actor
	Errors         *problems
}

// bulkPage is a batch: what would become of its items before it runs, and what became of them after.
type bulkPage struct {
	ID, Words        string
	Of, By           string
	Phase, PhaseTone string
	Planned          bool // not yet run: the dry run is shown
	Working, Halted  bool
	Mine             bool
	Done, Total      int
	Counts           []count
	Rows             []bulkRow
	Next             string
	Key              string
	Signing          bool   // each item is shown before all are signed
	Seen             string // at the end of them
	Undo             *bulkUndo
	Errors           *problems
}

type count struct {
	Words string
	N     int
}

type bulkRow struct {
	Number           int
	ID, URL, Version string
	Tone, Words      string
	Code             string
	Why, Whole       string
	Basis            string
	Undone           string
	Signs            *handlers.BulkSigned
	Outcome          string // what was decided, in words
}

type bulkUndo struct {
	Reasons []option
	Seen    []option
}

// itemsShown of a batch on one page.
const itemsShown = 200

// bulkChoices are the acts that this role may do on many dossiers at once and whose form does not depend on one of them.
func (v *visit) bulkChoices() []option {
	if v.Actor == nil || v.Actor.Role == domain.Applicant {
		return nil
	}
	var out []option
	for _, name := range handlers.BulkCommands() {
		form, known := shapes[name]
		own := slices.ContainsFunc(form, func(sh shape) bool {
			return sh.command != "" && sh.kind != "radio" || !slices.Contains([]string{"radio", "select", "code", "codes", "number", "moment"}, sh.kind)
		})
		if known && !own && handlers.May(*v.Actor, handlers.Act{Kind: handlers.Command, Name: name}) == nil {
			out = append(out, option{Value: name, Words: verb(name, v.lang)})
		}
	}
	return out
}

func (s *site) bulkNew(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := s.bulkForm(v, r.URL.Query())
	if err != nil {
		return err
	}
	status := http.StatusOK
	if p.Errors != nil {
		status = http.StatusUnprocessableEntity
	}
	return s.render(w, r, v, status, "bulk_new", p.Words, p)
}

func (s *site) bulkForm(v *visit, typed url.Values) (bulkForm, error) {
	actor, err := v.known()
	if err != nil {
		return bulkForm{}, err
	}
	command := typed.Get("command")
	if shapes[command] == nil {
		return bulkForm{}, errNowhere
	}
	if err := handlers.May(actor, handlers.Act{Kind: handlers.Command, Name: command}); err != nil {
		return bulkForm{}, err
	}
	p := bulkForm{Command: command, Words: verb(command, v.lang), IDs: typed["id"], Chosen: v.count(len(typed["id"]), "hồ sơ", "dossier"), Key: handlers.NewKey(), Actor: actor,
		Inputs: s.inputs(v, command, dossier.State{}, typed)}
	for _, t := range dossier.Table() {
		if kebab(t.Command) == command {
			for _, e := range t.Events {
				if words := label("event", e, v.lang); !slices.Contains(p.Consequences, words) {
					p.Consequences = append(p.Consequences, words)
				}
			}
		}
	}
	if len(p.IDs) == 0 {
		p.Errors = &problems{Title: Words{"Chưa chọn hồ sơ nào", "No dossier is chosen"}.In(v.lang), Could: []way{{Words{"về danh sách, đánh dấu các hồ sơ", "go back to the list and tick some"}.In(v.lang), "/dossiers"}}}
	}
	return p, nil
}

func (s *site) bulkPlan(w http.ResponseWriter, r *http.Request, v *visit) error {
	typed := r.PostForm
	p, err := s.bulkForm(v, typed)
	if err != nil {
		return s.refused(r, v, typed.Get("command"), uuid.Nil, err)
	}
	arguments, err := body(p.Command, typed, s.Zone)
	if err != nil {
		return err
	}
	plan := handlers.BulkPlan{Command: p.Command, Arguments: arguments, IDs: p.IDs}
	e := handlers.Envelope{Key: typed.Get("key")}
	if e.Body, err = json.Marshal(plan); err != nil {
		return err
	}
	b, err := s.Bulk.Plan(r.Context(), *v.Actor, plan, e)
	if err == nil {
		http.Redirect(w, r, "/bulk/"+b.ID.String(), http.StatusSeeOther)
		return nil
	}
	status, found := v.bulkProblems(p.Inputs, err)
	if found == nil {
		return err
	}
	p.Errors, p.Key = found, typed.Get("key")
	return s.render(w, r, v, status, "bulk_new", Words{"Lỗi: ", "Error: "}.In(v.lang)+p.Words, p)
}

// bulkProblems words what is wrong with a plan, single dossiers among it.
func (v *visit) bulkProblems(inputs []input, err error) (int, *problems) {
	if failure := (*handlers.Failure)(nil); errors.As(err, &failure) {
		_, p := handlers.Problem(err)
		p = p.In(string(v.lang), "")
		out := &problems{Title: p.Detail}
		for _, f := range p.Errors {
			out.Items = append(out.Items, problem{Text: f.Detail})
		}
		return p.Status, out
	}
	return v.problems(inputs, err)
}

func (s *site) bulk(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.showBatch(w, r, v, http.StatusOK, nil)
}

func (s *site) showBatch(w http.ResponseWriter, r *http.Request, v *visit, status int, wrong *problems) error {
	actor, err := v.known()
	if err != nil {
		return err
	}
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return errNowhere
	}
	b, err := s.Bulk.Get(r.Context(), actor, id)
	if errors.Is(err, handlers.ErrNoBatch) {
		return errNowhere
	}
	if err != nil {
		return err
	}
	p := bulkPage{
		ID: id.String(), Words: verb(b.Command, v.lang), Of: v.count(b.Total, "hồ sơ", "dossier"), By: b.By.Account, Phase: batch.Label(b.Phase, string(v.lang)), PhaseTone: phaseTone(b.Phase),
		Planned: b.Phase == batch.PlannedPhase, Working: b.AtWork(), Halted: b.Phase == batch.HaltedPhase, Mine: b.By.Account == actor.Account && b.By.Role == actor.Role,
		Done: b.Processed, Total: b.Total, Key: handlers.NewKey(), Errors: wrong,
	}
	if b.Phase == batch.UndoingPhase {
		p.Done, p.Total = b.Undo.Processed, b.Undo.Until
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("from"))
	page := handlers.BulkPage{From: max(from, 0), Limit: itemsShown}
	look := s.Bulk.Items
	if p.Planned {
		look = s.Bulk.DryRun
	}
	items, err := look(r.Context(), actor, id, page)
	if err != nil {
		return err
	}
	var ids []uuid.UUID
	for _, i := range items.Items {
		p.Rows, ids = append(p.Rows, v.bulkRow(i)), append(ids, i.ID)
	}
	codes, err := s.Views.Codes(r.Context(), ids)
	if err != nil {
		return err
	}
	p.Signing, p.Seen = p.Planned && b.Command == "sign", items.Seen
	for i, id := range ids {
		p.Rows[i].Code = called(id, codes[id])
	}
	if items.Next != nil {
		p.Next = fmt.Sprintf("/bulk/%s?from=%d", p.ID, *items.Next)
	}
	counts := b.Counts
	switch {
	case p.Planned:
		counts = items.Counts
	case b.Undo != nil:
		counts = b.Undo.Counts
	}
	for _, o := range slices.Sorted(maps.Keys(counts)) {
		words := batch.Label(o, string(v.lang))
		if p.Planned {
			words = batch.Foretold(o, string(v.lang))
		}
		p.Counts = append(p.Counts, count{words, counts[o]})
	}
	if b.Phase == batch.FinishedPhase || p.Halted {
		p.Undo = v.bulkUndo(b)
	}
	if p.Working {
		w.Header().Set("Refresh", "2")
	}
	title := p.Words + " · " + p.Of
	return s.render(w, r, v, status, "bulk", title, p)
}

func (v *visit) bulkUndo(b handlers.Batch) *bulkUndo {
	could, undoable := dossier.ConsequencesOf(b.Command)
	if !undoable || handlers.May(*v.Actor, handlers.Act{Kind: handlers.Command, Name: "undo-act"}) != nil {
		return nil
	}
	u := &bulkUndo{}
	for _, reason := range dossier.Values("undo_reason") {
		u.Reasons = append(u.Reasons, option{Value: reason, Words: label("undo_reason", reason, v.lang)})
	}
	for _, c := range could {
		u.Seen = append(u.Seen, option{Value: string(c), Words: label("consequence", string(c), v.lang)})
	}
	return u
}

func phaseTone(p batch.Phase) string {
	switch p {
	case batch.PlannedPhase, batch.RunningPhase, batch.UndoingPhase:
		return "authority"
	case batch.HaltedPhase:
		return "negative"
	case batch.FinishedPhase:
		return "good"
	}
	return "ended"
}

func (v *visit) bulkRow(i handlers.BulkItem) bulkRow {
	row := bulkRow{
		Number: i.Number + 1, ID: i.ID.String(), URL: "/dossiers/" + i.ID.String(), Version: strconv.FormatInt(i.Version, 10), Tone: "ended",
		Words: Words{i.OutcomeVI, i.OutcomeEN}.In(v.lang), Whole: Words{i.VI, i.EN}.In(v.lang), Basis: i.Basis,
	}
	row.Why, _, _ = strings.Cut(row.Whole, ". ")
	switch {
	case i.Outcome == batch.Done, i.Outcome == batch.Already:
		row.Tone = "good"
	case i.Outcome == batch.Late, i.Outcome == batch.Changed:
		row.Tone = "applicant"
	case i.Outcome == batch.Refused, i.Outcome == batch.Failed, i.Outcome == batch.NotFound:
		row.Tone = "negative"
	}
	if row.Why == "" && i.Outcome != batch.Late {
		row.Why = i.Code
	}
	if row.Signs = i.Signs; i.Signs != nil {
		row.Outcome = label("proposal", string(i.Signs.Outcome), v.lang)
	}
	if i.Undo != "" {
		row.Undone = batch.Label(i.Undo, string(v.lang))
	}
	return row
}

func (s *site) bulkRun(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.setBatch(w, r, v, func(actor domain.Actor, id uuid.UUID, e handlers.Envelope) error {
		e.Seen = r.PostForm.Get("seen")
		_, err := s.Bulk.Start(r.Context(), actor, id, 0, e)
		return err
	})
}

func (s *site) bulkUndo(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.setBatch(w, r, v, func(actor domain.Actor, id uuid.UUID, e handlers.Envelope) error {
		_, err := s.Bulk.Undo(r.Context(), actor, id, batch.Undo{Reason: r.PostForm.Get("reason"), Seen: r.PostForm["seen"]}, e)
		return err
	})
}

func (s *site) setBatch(w http.ResponseWriter, r *http.Request, v *visit, set func(domain.Actor, uuid.UUID, handlers.Envelope) error) error {
	actor, err := v.known()
	if err != nil {
		return err
	}
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return errNowhere
	}
	err = set(actor, id, handlers.Envelope{Key: r.PostForm.Get("key")})
	switch {
	case err == nil:
		http.Redirect(w, r, "/bulk/"+id.String(), http.StatusSeeOther)
		return nil
	case errors.Is(err, handlers.ErrNoBatch):
		return errNowhere
	}
	status, found := v.problems(nil, err)
	if found == nil {
		return err
	}
	return s.showBatch(w, r, v, status, found)
}
