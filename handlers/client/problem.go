package client

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Problem is what a server refused with, in both languages (RFC 9457). Find it with errors.As.
type Problem struct {
	ProblemBody
	Raw    json.RawMessage // as it came, with members that this version does not know
	Header http.Header     // Retry-After, ETag
}

// Error says what is wrong in the language that was asked for, and how to mend it.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	fields := make([]string, 0, len(p.Errors))
	for _, f := range p.Errors {
		if f.Detail != p.Detail {
			fields = append(fields, f.Field+": "+f.Detail)
		}
	}
	if len(fields) > 0 {
		text += " (" + strings.Join(fields, "; ") + ")"
	}
	if p.Basis != "" {
		text += ", " + p.Basis
	}
	return fmt.Sprintf("%s (%d): %s", p.Code, p.Status, text)
}

// Field is the first field that is wrong, "" when it is none.
func (p *Problem) Field() string {
	if len(p.Errors) == 0 {
		return ""
	}
	return p.Errors[0].Field
}

// Stale says that the dossier changed since it was seen; Changed says how, Version where it is now.
func (p *Problem) Stale() bool { return p.Status == http.StatusPreconditionFailed }

// problemOf reads a refusal. What is no problem, such as the page of a proxy, is told by its status.
func problemOf(r request, got *http.Response) error {
	defer drop(got)
	p := &Problem{Header: got.Header}
	raw, err := io.ReadAll(io.LimitReader(got.Body, 8<<20))
	if err == nil && strings.HasPrefix(got.Header.Get("Content-Type"), "application/problem+json") && json.Unmarshal(raw, &p.ProblemBody) == nil && p.Code != "" {
		p.Raw = raw
		return fmt.Errorf("%s %s: %w", r.method, r.path, p)
	}
	p.Status, p.Code, p.Raw = int64(got.StatusCode), "no_problem", raw
	p.Title = http.StatusText(got.StatusCode)
	p.TitleVI, p.TitleEN = p.Title, p.Title
	p.Detail = "the server, or what stands before it, answered without saying why"
	return fmt.Errorf("%s %s: %w", r.method, r.path, p)
}
