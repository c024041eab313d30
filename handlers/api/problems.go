package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

// failed is an error on its way out through huma, which asks it for a status, a media type and headers.
type failed struct{ err error }

func (f *failed) Error() string             { return f.err.Error() }
func (f *failed) Unwrap() error             { return f.err }
func (f *failed) GetStatus() int            { status, _ := handlers.Problem(f.err); return status }
func (f *failed) ContentType(string) string { return problemType }
func (f *failed) GetHeaders() http.Header   { _, p := handlers.Problem(f.err); return p.Header() }
func (f *failed) MarshalJSON() ([]byte, error) {
	return nil, errors.New("a failure is answered as a problem")
}

// fail answers with a problem outside of huma.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, p := handlers.Problem(err)
	noted(r.Context(), err)
	for name, values := range p.Header() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(p.In(handlers.Language(r), instance(r.Context(), r.URL.Path)))
}

// translate is huma's last step before an answer is written: errors, ours and huma's own, become problems in the reader's
// language.
func translate(ctx huma.Context, _ string, v any) (any, error) {
	var err error
	switch v := v.(type) {
	case *failed:
		err = v.err
	case *huma.ErrorModel:
		err = humas(v)
	default:
		return v, nil
	}
	noted(ctx.Context(), err)
	_, p := handlers.Problem(err)
	url := ctx.URL()
	return p.In(handlers.Prefers(ctx.Header("Accept-Language")), instance(ctx.Context(), url.Path)), nil
}

// instance names this one occurrence: the path and the request id found in the log.
func instance(ctx context.Context, path string) string {
	return path + "#" + handlers.CallOf(ctx).ID
}

// humas says what huma found wrong with a request in our own words.
func humas(e *huma.ErrorModel) error {
	f := &handlers.Failure{Status: e.Status, Code: "invalid", VI: "Có chỗ chưa đúng trong yêu cầu, xem errors", EN: "Something in the request is not right, see errors"}
	switch e.Status {
	case http.StatusBadRequest:
		f.Code, f.VI, f.EN = "malformed", "Nội dung gửi phải là một đối tượng JSON", "The body must be one JSON object"
	case http.StatusRequestEntityTooLarge:
		f.Code, f.VI, f.EN = "too_large", "Nội dung gửi không được quá 1 MB (8 MB khi lập một lô)", "The body may not be larger than 1 MB (8 MB for the plan of a batch)"
	case http.StatusRequestTimeout:
		f.Code, f.VI, f.EN = "timeout", "Nội dung gửi đến quá chậm", "The body came too slowly"
	case http.StatusInternalServerError:
		return errors.New(e.Error())
	}
	if len(e.Errors) > 0 && e.Errors[0] != nil && e.Status == http.StatusUnprocessableEntity {
		if member, missing := strings.CutPrefix(e.Errors[0].Message, "expected required property "); missing {
			f.Code, f.Field = "missing", strings.TrimSuffix(member, " to be present")
		}
	}
	for _, d := range e.Errors {
		if d != nil {
			f.Fields = append(f.Fields, handlers.WrongField(name(d.Location), vietnamese(d.Message), d.Message))
		}
	}
	return f
}

// name drops the place in front of a field: "query.limit" is limit.
func name(location string) string {
	for _, place := range []string{"query.", "path.", "header.", "body."} {
		if rest, ok := strings.CutPrefix(location, place); ok {
			return rest
		}
	}
	return location
}

// vietnamese says huma's remarks about parameters in Vietnamese. Bodies are never checked by huma but by the domain.
func vietnamese(message string) string {
	for _, m := range []struct{ en, vi string }{
		{"unknown query parameter", "không có tham số này"},
		{"invalid integer", "phải là số nguyên"}, {"invalid boolean", "phải là true hoặc false"},
		{"expected string", "phải là chuỗi ký tự"}, {"expected object", "phải là đối tượng"}, {"expected array", "phải là danh sách"}, {"expected boolean", "phải là true hoặc false"},
		{"expected integer", "phải là số nguyên"}, {"expected number >= ", "phải từ "}, {"expected number <= ", "phải đến "},
		{"expected value to be one of ", "phải là một trong "}, {"expected length <= ", "dài nhất "}, {"expected length >= ", "ngắn nhất "},
		{"expected required property ", "bắt buộc phải có: "}, {"unexpected property", "không có mục này"},
		{"expected string to match pattern ", "phải đúng mẫu "}, {"required ", "bắt buộc phải có: "},
	} {
		if rest, ok := strings.CutPrefix(message, m.en); ok {
			return m.vi + rest
		}
	}
	return "không đúng dạng: " + message
}
