package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// A documented path, with the methods it takes. The mux would hand GET /v1/persons/names to /v1/persons/{ref}: a person of that name. Here the
// path that says most is the one that was meant, and takes its own methods only.
type documented struct {
	segments []string
	methods  []string
}

func documentedPaths(doc *huma.OpenAPI) (all []documented) {
	for path, item := range doc.Paths {
		d := documented{segments: strings.Split(path, "/")}
		for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodHead: item.Head, http.MethodPost: item.Post, http.MethodPatch: item.Patch} {
			if op != nil {
				d.methods = append(d.methods, method)
			}
		}
		if item.Get != nil && item.Head == nil {
			d.methods = append(d.methods, http.MethodHead)
		}
		slices.Sort(d.methods)
		all = append(all, d)
	}
	return all
}

// literal counts the segments that are there word for word; false: it is another path.
func (d documented) literal(segments []string) (n int, is bool) {
	if len(segments) != len(d.segments) {
		return 0, false
	}
	for i, s := range d.segments {
		switch {
		case s == segments[i]:
			n++
		case !strings.HasPrefix(s, "{") || segments[i] == "":
			return 0, false
		}
	}
	return n, true
}

// meant are the methods that the path of a request takes; none: it is not documented.
func (s *server) meant(r *http.Request) (methods []string) {
	segments, most := strings.Split(r.URL.EscapedPath(), "/"), -1
	for _, d := range s.paths {
		if n, is := d.literal(segments); is && n > most {
			most, methods = n, d.methods
		}
	}
	return methods
}
