package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
)

const submitCommand = "submit"

// newForm is where a dossier is filed: by its applicant online, or by an officer for papers at the counter or from the post.
func (s *site) newForm(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := s.newPage(r, v, r.URL.Query())
	if err != nil {
		return err
	}
	return s.render(w, r, v, http.StatusOK, "new", p.Words, p)
}

func (s *site) newPage(r *http.Request, v *visit, typed url.Values) (actPage, error) {
	actor, err := v.known()
	if err != nil {
		return actPage{}, err
	}
	if err := handlers.Authorize(actor, handlers.Act{Kind: handlers.Command, Name: submitCommand, Applicant: actor.Account}); err != nil {
		return actPage{}, err
	}
	typed = prefill(typed, actor)
	p := actPage{
		Command: submitCommand, Words: verb(submitCommand, v.lang), Key: handlers.NewKey(), Actor: actor, Action: "/dossiers/new", Cancel: "/dossiers",
		Inputs: s.inputs(v, submitCommand, dossier.State{}, typed), Legal: true, OccurredAt: typed.Get("occurred_at"),
	}
	if id := typed.Get("procedure"); id != "" {
		known := map[string]string{}
		if r.Method == http.MethodGet || typed.Get("show") != "" { // not over what was typed, and left empty, once it comes back
			known = s.knownBefore(r, v, id)
		}
		p.Inputs = append(p.Inputs, s.fields(v, id, typed, known)...)
	}
	p.With = s.withPicks(v, typed["with"])
	if actor.Role != domain.Applicant { // papers are often typed in after they were taken
		p.LateReasons = v.lateReasons(typed)
	}
	p.Consequences, p.Next = v.consequences(submitCommand, dossier.State{})
	return p, nil
}

// prefill gives the fields what follows from who files: an applicant files online and for itself.
func prefill(typed url.Values, a domain.Actor) url.Values {
	out := url.Values{}
	for k, values := range typed {
		out[k] = slices.Clone(values)
	}
	set := func(name, value string) {
		if out.Get(name) == "" && value != "" {
			out.Set(name, value)
		}
	}
	if a.Role == domain.Applicant {
		set("channel", string(dossier.Online))
		set("applicant", a.Account)
	} else {
		set("channel", string(dossier.Counter))
		set("unit", a.Unit)
	}
	return out
}

func (s *site) submit(w http.ResponseWriter, r *http.Request, v *visit) error {
	p, err := s.newPage(r, v, r.PostForm)
	if err != nil {
		return s.refused(r, v, submitCommand, uuid.Nil, err)
	}
	if r.PostForm.Get("show") != "" { // the forms of the procedure that was chosen: nothing is sent yet
		return s.render(w, r, v, http.StatusOK, "new", p.Words, p)
	}
	receipt, err := s.file(r, v, r.PostForm)
	if err == nil {
		http.Redirect(w, r, done(receipt), http.StatusSeeOther)
		return nil
	}
	status, found := v.problems(p.Inputs, err)
	if found == nil {
		return err
	}
	p.Errors, p.Key = found, r.PostForm.Get("key")
	return s.render(w, r, v, status, "new", Words{"Lỗi: ", "Error: "}.In(v.lang)+p.Words, p)
}

func (s *site) file(r *http.Request, v *visit, typed url.Values) (handlers.Receipt, error) {
	data, err := body(submitCommand, typed, s.Zone)
	if err != nil {
		return handlers.Receipt{}, err
	}
	c, err := dossier.DecodeCommand(submitCommand, data)
	if err != nil {
		return handlers.Receipt{}, err
	}
	e, err := envelope(typed, data, s.Zone)
	if err != nil {
		return handlers.Receipt{}, err
	}
	lead, with := c.(dossier.SubmitDossier), []handlers.With{}
	for _, id := range typed["with"] {
		if id != string(lead.Procedure) { // the page offers every procedure
			with = append(with, handlers.With{Procedure: dossier.Code(id)})
		}
	}
	if len(with) == 0 {
		return s.Executor.Submit(r.Context(), *v.Actor, e, lead)
	}
	g, err := s.Executor.SubmitGroup(r.Context(), *v.Actor, e, lead, handlers.Beside(lead, with))
	return g.Lead, err
}
