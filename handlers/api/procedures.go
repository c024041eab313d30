package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
	"dossier/handlers"
	"dossier/handlers/conditions"

	"github.com/danielgtaylor/huma/v2"
)

// procedureBody is a version of a procedure, whole.
type procedureBody struct{ procedure.Described }

// Schema is made of the types that read procedure files.
func (procedureBody) Schema(huma.Registry) *huma.Schema {
	b, err := json.Marshal(procedure.DescribedSchema())
	s := &huma.Schema{}
	if err == nil {
		err = json.Unmarshal(b, s)
	}
	if err != nil {
		panic(fmt.Sprintf("schema of a procedure: %v", err)) // of plain values: cannot fail
	}
	return s
}

type proceduresInput struct {
	Open bool   `query:"open" doc:"Only those that can be filed."`
	At   string `query:"at" format:"date" doc:"As they are valid on that day; today without it."`
}

type proceduresOutput struct {
	Body struct {
		Items []procedureBody `json:"items"`
	}
}

// procedures is the catalogue. It is public to everybody who is signed in.
func (s *server) procedures(ctx context.Context, in *proceduresInput) (*proceduresOutput, error) {
	day, err := s.day(in.At)
	if err != nil {
		return nil, err
	}
	out := &proceduresOutput{}
	out.Body.Items = []procedureBody{}
	for _, v := range s.Executor.Procedures().All(ctx).On(day) {
		if v.OpenForFiling || !in.Open {
			out.Body.Items = append(out.Body.Items, procedureBody{v.Describe()})
		}
	}
	return out, nil
}

// day is the day asked for, else today where the agency is.
func (s *server) day(at string) (calendar.Date, error) {
	if at == "" {
		return calendar.DateOf(time.Now(), s.Zone), nil
	}
	day, err := calendar.ParseDate(at)
	if err != nil {
		return 0, &handlers.Failure{Status: http.StatusUnprocessableEntity, Code: "malformed_day", Field: "at",
			VI: "Ghi ngày dạng 2026-11-24.", EN: "Give a day such as 2026-11-24."}
	}
	return day, nil
}

type procedureInput struct {
	ID      string `path:"id" maxLength:"64" example:"vet-practice-cert-renew"`
	Version int    `query:"version" minimum:"1" doc:"The version of that number."`
	At      string `query:"at" format:"date" doc:"The version valid on that day; today without it."`
	Lang    string `header:"Accept-Language" doc:"Language of the diagram: vi or en."`
}

type procedureOutput struct {
	Body struct {
		ID        string          `json:"id"`
		Versions  []versionLine   `json:"versions" doc:"All that were published, the first first."`
		Withdrawn string          `json:"withdrawn_from,omitempty" format:"date"`
		Version   *procedureBody  `json:"version" doc:"The one asked for; null when none is valid then."`
		Switches  []switchLine    `json:"switches" doc:"Units that were opened or closed; others go by the general one, and where there is none they are open."`
		Diagram   string          `json:"diagram,omitempty" doc:"Of the version, as a Mermaid state diagram."`
		Forms     json.RawMessage `json:"form_schema,omitempty" doc:"JSON Schema of what is filled in."`
	}
}

type versionLine struct {
	Number    int    `json:"number"`
	Decision  string `json:"decision"`
	DecidedOn string `json:"decided_on" format:"date"`
	ValidFrom string `json:"valid_from" format:"date"`
}

type switchLine struct {
	Unit   string           `json:"unit" doc:"Empty: all units that have no switch of their own."`
	Open   bool             `json:"open"`
	Reason procedure.Reason `json:"reason"`
	Basis  string           `json:"basis"`
	VI     string           `json:"vi"`
	EN     string           `json:"en"`
}

// procedure is one procedure with its versions, as it is valid on a day or at a number.
func (s *server) procedure(ctx context.Context, in *procedureInput) (*procedureOutput, error) {
	p, err := s.Executor.Procedures().Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !p.Exists() || in.Version > len(p.Versions) {
		return nil, handlers.ErrNoProcedure
	}
	day, err := s.day(in.At)
	if err != nil {
		return nil, err
	}
	out := &procedureOutput{}
	b := &out.Body
	b.ID, b.Versions, b.Switches = in.ID, []versionLine{}, []switchLine{}
	for _, v := range p.Versions {
		b.Versions = append(b.Versions, versionLine{v.Number, v.Decision.No, v.Decision.DecidedOn.String(), v.Decision.ValidFrom.String()})
	}
	if from, gone := p.Withdrawn(); gone {
		b.Withdrawn = from.String()
	}
	v, valid := p.On(day)
	if in.Version > 0 {
		v, valid = p.Version(in.Version)
	}
	if valid {
		b.Version, b.Diagram = &procedureBody{v.Describe()}, v.Diagram(handlers.Prefers(in.Lang))
		if b.Forms, err = json.Marshal(v.FormSchema()); err != nil {
			return nil, err
		}
	}
	switches, err := s.Executor.Procedures().Switches(ctx, in.ID)
	for _, w := range switches {
		b.Switches = append(b.Switches, switchLine{w.Unit, w.Open, w.Reason, w.Basis, procedure.Word("reason", string(w.Reason), "vi"), procedure.Word("reason", string(w.Reason), "en")})
	}
	return out, err
}

type procedureFile struct {
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act: the same key and body again give the same answer. Missing: made and returned."`
	RawBody []byte `contentType:"application/json"`
}

type publishedOutput struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body handlers.PublishedProcedure
}

// publishProcedure publishes the version that a procedure file brings.
func (s *server) publishProcedure(ctx context.Context, in *procedureFile) (*publishedOutput, error) {
	e := keyed(ctx, in.Key)
	done, err := s.Executor.PublishProcedure(ctx, handlers.CallOf(ctx).Actor, in.RawBody, e)
	return &publishedOutput{e.Key, done}, err
}

type withdrawInput struct {
	ID   string `path:"id" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act. Missing: made and returned."`
	Body struct {
		Decision  string `json:"decision" maxLength:"64" example:"12/QĐ-BNNMT" doc:"Number of the decision that withdraws it."`
		DecidedOn string `json:"decided_on" format:"date"`
		From      string `json:"from" format:"date" doc:"The first day on which it cannot be filed."`
	}
}

// withdrawProcedure ends a procedure from a day on; dossiers that were filed go on by it.
func (s *server) withdrawProcedure(ctx context.Context, in *withdrawInput) (*publishedOutput, error) {
	e := keyed(ctx, in.Key)
	done, err := s.Executor.WithdrawProcedure(ctx, handlers.CallOf(ctx).Actor, in.ID, in.Body.Decision, day(in.Body.DecidedOn), day(in.Body.From), e)
	return &publishedOutput{e.Key, done}, err
}

func keyed(ctx context.Context, key string) handlers.Envelope {
	if key == "" {
		key = handlers.NewKey()
	}
	return handlers.Envelope{Key: key, Traceparent: handlers.CallOf(ctx).Traceparent}
}

type switchInput struct {
	ID   string `path:"id" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act. Missing: made and returned."`
	Body struct {
		Unit   string           `json:"unit,omitempty" doc:"Empty: all units that have no switch of their own."`
		Open   *bool            `json:"open"`
		Reason procedure.Reason `json:"reason" doc:"To open: pilot, roll_out, resumed. To close: pilot_ended, unit_not_ready, law_changed, technical_incident, physical_presence, on_site_verification, other_technical."`
		Basis  string           `json:"basis" doc:"Number of the document it rests on." example:"12/QĐ-SNN"`
	}
}

type switchOutput struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body handlers.Turned
}

// turnSwitch opens or closes the filing of a procedure at a unit.
func (s *server) turnSwitch(ctx context.Context, in *switchInput) (*switchOutput, error) {
	e := keyed(ctx, in.Key)
	if in.Body.Open == nil {
		return nil, &handlers.Failure{Status: http.StatusUnprocessableEntity, Code: "missing", Field: "open",
			VI: "Ghi open: true để mở, false để đóng.", EN: "Say open: true to open, false to close."}
	}
	done, err := s.Executor.TurnSwitch(ctx, handlers.CallOf(ctx).Actor, procedure.Turn{Procedure: in.ID, Unit: in.Body.Unit, Open: *in.Body.Open, Reason: in.Body.Reason, Basis: in.Body.Basis}, e)
	return &switchOutput{e.Key, done}, err
}

type formsInput struct {
	ID      string `path:"id" maxLength:"64"`
	Version int    `query:"version" minimum:"1" doc:"The version of that number; the one valid today without it."`
	RawBody []byte `contentType:"application/json" doc:"An object with one member for each form."`
}

type outcomeOutput struct{ Body conditions.Outcome }

// facts answers what a procedure asks of one dossier. Nothing of what was filled in is kept.
func (s *server) facts(ctx context.Context, in *formsInput) (*outcomeOutput, error) {
	p, err := s.Executor.Procedures().Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	v, known := p.On(calendar.DateOf(time.Now(), s.Zone))
	if in.Version > 0 {
		v, known = p.Version(in.Version)
	}
	if !known {
		return nil, handlers.ErrNoProcedure
	}
	outcome, err := conditions.Ask(v, in.RawBody)
	return &outcomeOutput{outcome}, err
}

type moveInput struct {
	ID   string `path:"id" maxLength:"64"`
	From int    `query:"from" minimum:"1" required:"true" doc:"The version they go by."`
	To   int    `query:"to" minimum:"1" required:"true" doc:"The version they are to go by."`
}

type moveOutput struct{ Body handlers.Move }

// previewMove changes nothing; each dossier is moved by its own command, move-to-version.
func (s *server) previewMove(ctx context.Context, in *moveInput) (*moveOutput, error) {
	m, err := s.Executor.PreviewMove(ctx, s.Views, handlers.CallOf(ctx).Actor, in.ID, in.From, in.To)
	return &moveOutput{m}, err
}

// ruleRoutes are the acts on procedures and on the organisation.
func (s *server) ruleRoutes() {
	post(s, "/v1/procedures", "publish-procedure", "Publish the version that a procedure file brings", s.publishProcedure)
	post(s, "/v1/procedures/{id}/withdraw", "withdraw-procedure", "End a procedure from a day on; dossiers that were filed go on by it", s.withdrawProcedure)
	post(s, "/v1/calendars", "publish-calendar", "Bring a calendar to what a file says", s.publishCalendar)
	post(s, "/v1/organisation", "apply-organisation", "Bring the organisation to what a file says", s.applyOrganisation)
	post(s, "/v1/procedures/{id}/switch", "turn-switch", "Open or close the filing of a procedure at a unit", s.turnSwitch)
	post(s, "/v1/procedures/{id}/facts", "procedure-facts", "What a procedure asks of one dossier: components, fees, limits, steps", s.facts)
}
