package api

import (
	"context"
	"net/http"
	"time"

	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// config leaves out what huma would serve by itself: its docs page loads a viewer from elsewhere, its schema links change bodies.
func config(version string) huma.Config {
	c := huma.DefaultConfig("dossier", version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.RejectUnknownQueryParameters = true // a filter with a typo must not list everything
	c.Transformers = []huma.Transformer{translate}
	c.Info.Title = "dossier"
	c.Info.Description = "Processing of administrative dossiers (hồ sơ thủ tục hành chính). Commands answer with a position; every query accepts it " +
		"as min_position. Times are RFC 3339 in UTC. Refusals are RFC 9457 problems with a stable code, both languages and the legal basis."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}}
	c.Security = []map[string][]string{{"bearer": {}}}
	return c
}

// get registers a question.
func get[I, O any](s *server, path, id, summary string, ask func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, s.operation(http.MethodGet, path, id, summary), answering(ask))
}

// operation is what all routes have in common.
func (s *server) operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary,
		MaxBodyBytes: maxBody, BodyReadTimeout: 10 * time.Second, SkipValidateBody: true,
		Responses: map[string]*huma.Response{"default": {
			Description: "A problem (RFC 9457), in Vietnamese or English",
			Content:     map[string]*huma.MediaType{problemType: {Schema: s.problemSchema()}},
		}},
	}
}

// maxBody is the most a command may weigh: 1 MB.
const maxBody = 1 << 20

// answering lets huma see every error as a problem.
func answering[I, O any](ask func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		out, err := ask(ctx, in)
		if err != nil {
			return nil, &failed{err}
		}
		return out, nil
	}
}

func (s *server) problemSchema() *huma.Schema {
	return huma.SchemaFromType(s.api.OpenAPI().Components.Schemas, typeOf[handlers.ProblemBody]())
}
