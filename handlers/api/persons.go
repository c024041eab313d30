package api

import (
	"context"
	"encoding/json"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/person"
	"dossier/eventstore/vault"
	"dossier/handlers"
)

func (s *server) personRoutes() {
	get(s, "/v1/dossiers/{id}/words", "read-words", "What people typed in a dossier, read from the vault for a purpose; one entry of the access journal", s.words)
	get(s, "/v1/persons/{ref}", "get-person", "Who a person is, for a purpose; one entry of the access journal. Somebody who was erased: when and by which decision", s.person)
	post(s, "/v1/persons/search", "find-persons", "Persons by words of their name or a number, for a purpose; one entry of the access journal", s.findPersons)
	post(s, "/v1/persons/{ref}", "register-person", "Make a person known under the reference that dossiers have of it", s.registerPerson)
	post(s, "/v1/persons/{ref}/correct", "correct-person", "Put right what is known of a person, as a new version", s.correctPerson)
	post(s, "/v1/persons/{ref}/erase", "erase-person", "Destroy the keys of a person and everything under them, by a decision", s.erasePerson)
}

// standingRoutes are what a person may have done in its place, and what it asks of its own data.
func (s *server) standingRoutes() {
	post(s, "/v1/persons/names", "reveal-names", "What the persons behind references are called: one entry of the access journal for all of them", s.names)
	get(s, "/v1/persons/{ref}/prefill", "prefill", "What the personal fields of a procedure's forms may be filled with; one entry of the access journal", s.prefill)
	post(s, "/v1/dossiers/{id}/look-up", "look-up", "Ask the register for a part of a dossier that nobody need bring; the answer lies in the vault", s.lookUp)
	get(s, "/v1/dossiers/{id}/earlier", "earlier-dossiers", "Other dossiers of the same person under the same procedure: perhaps the same wish", s.earlier)
	get(s, "/v1/persons/{ref}/standing", "get-standing", "The mandates that a person gave, and what it asked of its own data; a person reads its own", s.standing)
	post(s, "/v1/persons/{ref}/mandates", "grant-mandate", "Let somebody file, answer and read in a person's place; a person does it for itself, the counter for everybody", s.grantMandate)
	post(s, "/v1/persons/{ref}/mandates/{number}/end", "end-mandate", "End a mandate from a day on", s.endMandate)
	post(s, "/v1/persons/{ref}/requests", "ask-about-data", "What a person asks of its own data: answered in two working days", s.askAboutData)
	post(s, "/v1/persons/{ref}/requests/{number}/answer", "answer-about-data", "Grant or refuse what was asked", s.answerAboutData)
	post(s, "/v1/persons/{ref}/requests/{number}/extend", "extend-about-data", "Fifteen days more to do what was granted, once", s.extendAboutData)
	post(s, "/v1/persons/{ref}/requests/{number}/done", "finish-about-data", "What was granted has been done", s.finishAboutData)
}

func accessor(ctx context.Context) handlers.Accessor {
	call := handlers.CallOf(ctx)
	return handlers.Accessor{Actor: call.Actor, Traceparent: call.Traceparent}
}

type wordsInput struct {
	ID      string `path:"id" maxLength:"64"`
	Purpose string `query:"purpose" maxLength:"64" doc:"What for: a code, such as appraisal or complaint." example:"appraisal"`
}

type wordsOutput struct {
	Body struct {
		Words []handlers.Said `json:"words"`
	}
}

// words is what people typed. An applicant reads its own, without the notes of the authority.
func (s *server) words(ctx context.Context, in *wordsInput) (*wordsOutput, error) {
	id, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &wordsOutput{}
	out.Body.Words, err = s.Executor.Words(ctx, accessor(ctx), id, dossier.Code(in.Purpose))
	return out, err
}

func (s *server) persons() *handlers.Persons { return handlers.NewPersons(s.Executor, s.Views) }

type personInput struct {
	Ref     string `path:"ref" maxLength:"64"`
	Purpose string `query:"purpose" maxLength:"64" doc:"What for: a code." example:"counter"`
}

type personOutput struct {
	Status int
	Body   handlers.ShownPerson
}

// person is who somebody is. 410 with the certificate when that was erased.
func (s *server) person(ctx context.Context, in *personInput) (*personOutput, error) {
	shown, err := s.persons().Show(ctx, accessor(ctx), []string{in.Ref}, dossier.Code(in.Purpose))
	if err != nil {
		return nil, err
	}
	out := &personOutput{200, shown[0]}
	if shown[0].Erased != nil {
		out.Status = 410
	}
	return out, nil
}

type findInput struct {
	Body struct {
		Name     string `json:"name,omitempty" maxLength:"500" doc:"Any words of it, with or without marks."`
		IDNumber string `json:"id_number,omitempty" maxLength:"50"`
		TaxCode  string `json:"tax_code,omitempty" maxLength:"50"`
		Phone    string `json:"phone,omitempty" maxLength:"50"`
		Email    string `json:"email,omitempty" maxLength:"200"`
		Purpose  string `json:"purpose" maxLength:"64" doc:"What for: a code." example:"counter"`
	}
}

type findOutput struct {
	Body struct {
		Persons []handlers.ShownPerson `json:"persons"`
		More    bool                   `json:"more" doc:"There are others: give more of the name, or a number."`
	}
}

func (s *server) findPersons(ctx context.Context, in *findInput) (*findOutput, error) {
	b, out := in.Body, &findOutput{}
	found, more, err := s.persons().Find(ctx, accessor(ctx), vault.Query{Name: b.Name, IDNumber: b.IDNumber, TaxCode: b.TaxCode, Phone: b.Phone, Email: b.Email}, dossier.Code(b.Purpose))
	out.Body.Persons, out.Body.More = append([]handlers.ShownPerson{}, found...), more
	return out, err
}

type personReceipt struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body handlers.PersonReceipt
}

type registerInput struct {
	Ref  string `path:"ref" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act: the same key and body again give the same answer. Missing: made and returned."`
	Body struct {
		Kind person.Kind `json:"kind" enum:"citizen,organisation"`
		vault.Person
	}
}

func (s *server) registerPerson(ctx context.Context, in *registerInput) (*personReceipt, error) {
	e, err := bodied(ctx, in.Key, in.Body)
	if err != nil {
		return nil, err
	}
	r, err := s.persons().Register(ctx, accessor(ctx), in.Ref, in.Body.Kind, in.Body.Person, e)
	return &personReceipt{e.Key, r}, err
}

type correctInput struct {
	Ref  string `path:"ref" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act. Missing: made and returned."`
	Body struct {
		Reason dossier.Code `json:"reason" maxLength:"64" doc:"Why: a code." example:"spelling"`
		vault.Person
	}
}

func (s *server) correctPerson(ctx context.Context, in *correctInput) (*personReceipt, error) {
	e, err := bodied(ctx, in.Key, in.Body)
	if err != nil {
		return nil, err
	}
	r, err := s.persons().Correct(ctx, accessor(ctx), in.Ref, in.Body.Person, in.Body.Reason, e)
	return &personReceipt{e.Key, r}, err
}

type eraseInput struct {
	Ref  string `path:"ref" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act. Missing: made and returned."`
	Body struct {
		Decision dossier.External `json:"decision" maxLength:"64" doc:"The number of the decision."`
		Reason   dossier.Code     `json:"reason" maxLength:"64" doc:"Why: a code." example:"data-subject-request"`
	}
}

func (s *server) erasePerson(ctx context.Context, in *eraseInput) (*personReceipt, error) {
	e, err := bodied(ctx, in.Key, in.Body)
	if err != nil {
		return nil, err
	}
	r, err := s.persons().Erase(ctx, accessor(ctx), in.Ref, in.Body.Decision, in.Body.Reason, e)
	return &personReceipt{e.Key, r}, err
}

// OfPerson is what every change of a person's standing takes.
type OfPerson struct {
	Ref string `path:"ref" maxLength:"64"`
	Key string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act. Missing: made and returned."`
}

// Numbered is OfPerson, on one of its mandates or requests.
type Numbered struct {
	OfPerson
	Number int `path:"number" minimum:"1" maximum:"1000"`
}

type standingOutput struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body handlers.Standing
}

func (s *server) standing(ctx context.Context, in *struct {
	Ref string `path:"ref" maxLength:"64"`
}) (*struct{ Body handlers.Standing }, error) {
	standing, err := s.persons().Standing(ctx, accessor(ctx), in.Ref)
	return &struct{ Body handlers.Standing }{standing}, err
}

// told does one thing about a person and answers with what stands of it then.
func (s *server) told(ctx context.Context, of OfPerson, body any, do func(*handlers.Persons, handlers.Accessor, handlers.Envelope) (handlers.Standing, error)) (*standingOutput, error) {
	e, err := bodied(ctx, of.Key, body)
	if err != nil {
		return nil, err
	}
	standing, err := do(s.persons(), accessor(ctx), e)
	return &standingOutput{e.Key, standing}, err
}

type grantInput struct {
	OfPerson
	Body struct {
		To         dossier.Ref    `json:"to" maxLength:"64" doc:"Reference of who is mandated." example:"ref-8a1b"`
		From       string         `json:"from,omitempty" format:"date" doc:"The first day; missing: today."`
		Until      string         `json:"until,omitempty" format:"date" doc:"The last day; missing: until it is ended."`
		Procedures []dossier.Code `json:"procedures,omitempty" maxItems:"100" doc:"Codes of procedures; none: all."`
		Evidence   string         `json:"evidence,omitempty" enum:"notarised,written,by-law,own-account" doc:"The paper it stands on; an applicant's own word is own-account."`
	}
}

func (s *server) grantMandate(ctx context.Context, in *grantInput) (*standingOutput, error) {
	b := in.Body
	m := person.MandateGranted{To: b.To, From: day(b.From), Procedures: b.Procedures, Evidence: person.Evidence(b.Evidence)}
	if until := day(b.Until); until != 0 {
		m.Until = &until
	}
	return s.told(ctx, in.OfPerson, b, func(k *handlers.Persons, by handlers.Accessor, e handlers.Envelope) (handlers.Standing, error) {
		return k.Grant(ctx, by, in.Ref, m, e)
	})
}

// day reads a day that was found to be one; 0 where there is none.
func day(text string) calendar.Date {
	d, err := calendar.ParseDate(text)
	if err != nil {
		return 0
	}
	return d
}

type endInput struct {
	Numbered
	Body struct {
		From   string       `json:"from,omitempty" format:"date" doc:"The first day without it; missing: today."`
		Reason dossier.Code `json:"reason" maxLength:"64" doc:"Why: a code." example:"ended-by-owner"`
	}
}

func (s *server) endMandate(ctx context.Context, in *endInput) (*standingOutput, error) {
	return s.told(ctx, in.OfPerson, in, func(k *handlers.Persons, by handlers.Accessor, e handlers.Envelope) (handlers.Standing, error) {
		return k.EndMandate(ctx, by, in.Ref, person.MandateEnded{Number: in.Number, From: day(in.Body.From), Reason: in.Body.Reason}, e)
	})
}

type askInput struct {
	OfPerson
	Body struct {
		Wish person.Wish `json:"wish" enum:"copy,correct,erase,restrict,object,withdraw-consent"`
	}
}

func (s *server) askAboutData(ctx context.Context, in *askInput) (*standingOutput, error) {
	return s.told(ctx, in.OfPerson, in.Body, func(k *handlers.Persons, by handlers.Accessor, e handlers.Envelope) (handlers.Standing, error) {
		return k.Ask(ctx, by, in.Ref, in.Body.Wish, e)
	})
}

type answerInput struct {
	Numbered
	Body struct {
		Answer person.Answer `json:"answer" enum:"granted,refused"`
		Basis  dossier.Code  `json:"basis,omitempty" maxLength:"64" doc:"Of a refusal: code of the article." example:"luat-91-2025.14"`
	}
}

func (s *server) answerAboutData(ctx context.Context, in *answerInput) (*standingOutput, error) {
	return s.told(ctx, in.OfPerson, in, func(k *handlers.Persons, by handlers.Accessor, e handlers.Envelope) (handlers.Standing, error) {
		return k.Answer(ctx, by, in.Ref, person.RequestAnswered{Number: in.Number, Answer: in.Body.Answer, Basis: in.Body.Basis}, e)
	})
}

type extendInput struct {
	Numbered
	Body struct {
		Reason dossier.Code `json:"reason" maxLength:"64" doc:"Why: a code." example:"third-party"`
	}
}

func (s *server) extendAboutData(ctx context.Context, in *extendInput) (*standingOutput, error) {
	return s.told(ctx, in.OfPerson, in, func(k *handlers.Persons, by handlers.Accessor, e handlers.Envelope) (handlers.Standing, error) {
		return k.Extend(ctx, by, in.Ref, person.RequestExtended{Number: in.Number, Reason: in.Body.Reason}, e)
	})
}

func (s *server) finishAboutData(ctx context.Context, in *Numbered) (*standingOutput, error) {
	return s.told(ctx, in.OfPerson, in, func(k *handlers.Persons, by handlers.Accessor, e handlers.Envelope) (handlers.Standing, error) {
		return k.Finish(ctx, by, in.Ref, in.Number, e)
	})
}

type namesInput struct {
	Body struct {
		Refs    []string `json:"refs" maxItems:"200" minItems:"1" doc:"As dossiers have them."`
		Purpose string   `json:"purpose" maxLength:"64" doc:"What for: a code." example:"worklist"`
	}
}

type namesOutput struct {
	Body struct {
		Names map[string]string `json:"names" doc:"By reference. Who is not registered, was erased or cannot be read is missing."`
	}
}

func (s *server) names(ctx context.Context, in *namesInput) (out *namesOutput, err error) {
	out = &namesOutput{}
	out.Body.Names, err = s.persons().Names(ctx, accessor(ctx), in.Body.Refs, dossier.Code(in.Body.Purpose))
	return out, err
}

type prefillInput struct {
	Ref       string `path:"ref" maxLength:"64"`
	Procedure string `query:"procedure" maxLength:"64" required:"true" doc:"Code of the procedure." example:"seafood-export-health-cert"`
	Purpose   string `query:"purpose" maxLength:"64" doc:"What for: a code." example:"counter"`
}

type prefillOutput struct {
	Body struct {
		Fields []handlers.Prefilled `json:"fields"`
	}
}

func (s *server) prefill(ctx context.Context, in *prefillInput) (*prefillOutput, error) {
	out := &prefillOutput{}
	filled, err := s.persons().Prefill(ctx, accessor(ctx), in.Ref, in.Procedure, dossier.Code(in.Purpose))
	out.Body.Fields = filled
	return out, err
}

type lookUpInput struct {
	ID   string `path:"id" maxLength:"64"`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act. Missing: made and returned."`
	Body struct {
		Component dossier.Code `json:"component" maxLength:"64" doc:"The part, as the procedure names it." example:"tp-2"`
	}
}

func (s *server) lookUp(ctx context.Context, in *lookUpInput) (*receiptOutput, error) {
	id, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := bodied(ctx, in.Key, in.Body)
	if err != nil {
		return nil, err
	}
	r, err := s.persons().LookUp(ctx, accessor(ctx), id, in.Body.Component, e)
	return receipt(e, r), err
}

type earlierOutput struct {
	Body struct {
		Dossiers []handlers.Earlier `json:"dossiers"`
	}
}

func (s *server) earlier(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"64"`
}) (*earlierOutput, error) {
	id, err := s.find(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &earlierOutput{}
	out.Body.Dossiers, err = s.persons().Earlier(ctx, accessor(ctx), id)
	return out, err
}

// bodied is keyed, with the body that a repeat must have too; it is hashed under a key and goes nowhere else.
func bodied(ctx context.Context, key string, body any) (handlers.Envelope, error) {
	e := keyed(ctx, key)
	var err error
	e.Body, err = json.Marshal(body)
	return e, err
}

// personSchemas are the contracts of the events of persons.
func personSchemas() map[string][]byte {
	descriptions := map[string]string{
		"person.mandate-granted.v1":      "Somebody may act in a person's place / Đã ghi nhận ủy quyền",
		"person.mandate-ended.v1":        "A mandate ends / Ủy quyền chấm dứt",
		"person.request-received.v1":     "What a person asks of its own data / Đã nhận yêu cầu về dữ liệu cá nhân",
		"person.request-answered.v1":     "What the person is told / Đã trả lời yêu cầu về dữ liệu cá nhân",
		"person.request-extended.v1":     "Fifteen days more to do it / Đã gia hạn thực hiện yêu cầu",
		"person.request-done.v1":         "What was granted is done / Đã thực hiện yêu cầu",
		"person.registered.v1":           "Person registered; who it is stands in the vault / Đã đăng ký một người; thông tin nằm trong kho",
		"person.corrected.v1":            "Person corrected, as a new version / Đã đính chính, thành phiên bản mới",
		"person.personal-data-erased.v1": "Personal data erased by a decision / Đã xóa dữ liệu cá nhân theo quyết định",
	}
	all := map[string][]byte{}
	for name, schema := range person.EventSchemas() {
		schema["description"] = descriptions[name]
		all[name], _ = json.MarshalIndent(schema, "", "  ") // of plain values: cannot fail
	}
	return all
}
