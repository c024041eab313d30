package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"dossier/domain/calendar"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// config leaves out what huma would serve by itself: its docs page loads a viewer from elsewhere, its schema links change bodies.
func config(version string) huma.Config {
	c := huma.DefaultConfig("dossier", version)
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.AllowAdditionalPropertiesByDefault = true // of answers: they grow
	c.RejectUnknownQueryParameters = true       // a filter with a typo must not list everything
	c.Transformers = []huma.Transformer{translate}
	c.Info.Title = "dossier"
	c.Info.Description = "Processing of administrative dossiers (hồ sơ thủ tục hành chính). Commands answer with a position; every query accepts it " +
		"as min_position. Times are RFC 3339 in UTC. Refusals are RFC 9457 problems with a stable code, both languages and the legal basis."
	c.Formats = map[string]huma.Format{"application/json": {Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}, "json": {Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshal}}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}}
	c.Security = []map[string][]string{{"bearer": {}}}
	return c
}

// answerWithin is the most a question or an act takes before its caller is told to come again.
const answerWithin = 15 * time.Second

// get registers a question.
func get[I, O any](s *server, path, id, summary string, ask func(context.Context, *I) (*O, error)) {
	register(s, s.operation(http.MethodGet, path, id, summary), answering(answerWithin, ask))
}

// post registers an act that is no command to a dossier.
func post[I, O any](s *server, path, id, summary string, act func(context.Context, *I) (*O, error)) {
	op := s.operation(http.MethodPost, path, id, summary)
	op.DefaultStatus = http.StatusOK
	register(s, op, answering(answerWithin, act))
}

// register registers an operation. A body that huma reads is checked by it; the others are read strictly by their handlers.
func register[I, O any](s *server, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	op.SkipValidateBody = !typed[I]()
	huma.Register(s.api, op, do)
}

// operation is what all routes have in common.
func (s *server) operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary,
		MaxBodyBytes: handlers.LargestBody, BodyReadTimeout: 10 * time.Second,
		Responses: s.problems(method),
	}
}

// answering bounds the time of an answer and lets huma see every error as a problem.
func answering[I, O any](within time.Duration, ask func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		out, err := ask(ctx, in)
		if err != nil {
			return nil, &failed{err}
		}
		return out, nil
	}
}

// refusals are the statuses a caller must be ready for, beside faults.
var refusals = map[string][]struct{ status, means string }{
	http.MethodGet: {
		{"400", "A value that cannot be read"}, {"401", "Nobody is signed in"}, {"403", "The role or the dossier is not the caller's"},
		{"404", "No such dossier, or not yet at that moment"}, {"409", "Not there, or not to be given out, by a rule that it names; a min_position that no receipt gave"}, {"422", "A parameter outside its list or range"},
		{"429", "Too many requests: Retry-After"}, {"503", "The views have not reached min_position, or the database is away: Retry-After"},
	},
	http.MethodPost: {
		{"400", "JSON, key or If-Match that cannot be read"}, {"401", "Nobody is signed in"}, {"403", "The role or the dossier is not the caller's"},
		{"404", "No such dossier"}, {"413", "A body or a file that is too large"}, {"415", "A body that is not JSON"}, {"429", "Too many requests: Retry-After"}, {"409", "Refused by a rule; basis names the article"}, {"412", "The dossier changed since the version sent; changed says how"},
		{"422", "A value outside its list, an unknown procedure, or a key that came with another body"},
		{"428", "If-Match is missing where it is required"}, {"503", "The journal cannot take it now: Retry-After"},
	},
}

func (s *server) problems(method string) map[string]*huma.Response {
	body := s.api.OpenAPI().Components.Schemas.Schema(typeOf[handlers.ProblemBody](), true, "")
	answer := func(means string) *huma.Response {
		return &huma.Response{Description: means, Content: map[string]*huma.MediaType{problemType: {Schema: body}}}
	}
	all := map[string]*huma.Response{"default": answer("A problem (RFC 9457), in Vietnamese or English")}
	if method == http.MethodPatch {
		method = http.MethodPost
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for _, r := range refusals[method] {
		all[r.status] = answer(r.means)
	}
	return all
}

// schemaName tells types of one name apart: a procedure says its limit for reading, a step of it counts one over the calendar.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[calendar.Limit]() {
		return "Calendar" + name
	}
	return name
}
