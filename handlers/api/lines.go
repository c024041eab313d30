package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// listed is an answer that is one page as JSON, or, where Accept asks for application/x-ndjson, the whole list, a value a line.
type listed struct {
	page func() (link string, body any, err error)
	all  func(ctx context.Context, tell func(any) error) error
}

// answer decides by what is accepted. What fails after the first line breaks the answer off: half a list must not look whole.
func (l listed) answer(accept string) (*huma.StreamResponse, error) {
	if !wants(accept, ndjson) {
		next, body, err := l.page()
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			if next != "" {
				c.SetHeader("Link", next)
			}
			c.SetHeader("Content-Type", "application/json")
			json.NewEncoder(c.BodyWriter()).Encode(body)
		}}, nil
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", ndjson)
		w := bufio.NewWriterSize(c.BodyWriter(), 64<<10)
		lines := json.NewEncoder(w)
		if err := l.all(c.Context(), lines.Encode); err != nil {
			noted(c.Context(), err)
			panic(http.ErrAbortHandler)
		}
		if w.Flush() != nil {
			panic(http.ErrAbortHandler)
		}
	}}, nil
}

// paged asks for page after page.
func paged(next func() (more bool, err error)) error {
	for {
		if more, err := next(); err != nil || !more {
			return err
		}
	}
}
