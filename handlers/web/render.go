package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed templates
var sources embed.FS

type templates map[string]*template.Template

// loadTemplates parses every page once per language, so that inside a page words, dates and numbers need not be told which.
func loadTemplates(s *site) map[Lang]templates {
	out := map[Lang]templates{}
	for _, l := range []Lang{VI, EN} {
		base := template.Must(template.New("").Funcs(s.funcs(l)).ParseFS(sources, "templates/part_*.html"))
		out[l] = templates{}
		for _, name := range pageFiles() {
			page := template.Must(template.Must(base.Clone()).ParseFS(sources, name))
			out[l][strings.TrimSuffix(path.Base(name), ".html")] = page
		}
	}
	return out
}

func pageFiles() []string {
	all, err := fs.Glob(sources, "templates/*.html")
	if err != nil {
		panic(err) // the pattern is ours
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.HasPrefix(path.Base(name), "part_") })
}

func (s *site) funcs(l Lang) template.FuncMap {
	f := format{lang: l, zone: s.Zone}
	return template.FuncMap{
		"t": func(vi, en string, args ...any) string { return Words{vi, en}.In(l, args...) }, "in": func(w Words) string { return w.In(l) },
		"num": number(f), "count": f.count, "date": f.Date, "day": f.Day, "clock": f.Clock, "seconds": f.Seconds, "moment": f.Moment, "exact": f.Exact, "field": f.Field,
		"label": func(kind string, code any) string { return label(kind, fmt.Sprint(code), l) },
		"lang":  func() Lang { return l }, "other": l.Other, "iso": iso,
		"icon": icon, "asset": s.assets.url, "agency": func() string { return s.Agency.In(l) }, "dev": func() bool { return s.Dev != nil }, "door": s.door, "issuer": func() bool { return s.SignIn != nil },
		"args": arguments, "inc": func(n int64) int64 { return n + 1 }, "dec": func(n int64) int64 { return n - 1 }, "nb": noBreak,
	}
}

// number takes any integer a template may hold.
func number(f format) func(any) (string, error) {
	return func(n any) (string, error) {
		switch n := n.(type) {
		case int:
			return f.Num(int64(n)), nil
		case int64:
			return f.Num(n), nil
		default:
			return "", fmt.Errorf("write number %v: not an integer", n)
		}
	}
}

// arguments hands several values to a partial: {{template "x" args "Name" .Name "Lang" lang}}.
func arguments(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("name an argument: %v", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// render writes a page whole or not at all: a template that fails halfway must not leave half a page behind.
func (s *site) render(w http.ResponseWriter, r *http.Request, v *visit, status int, name, title string, data any) error {
	v.Head, v.Data = title, data
	var b bytes.Buffer
	if err := s.pages[v.lang][name].ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("render page %s: %w", name, err)
	}
	return s.send(w, r, v, status, "text/html; charset=utf-8", b.Bytes())
}

func (s *site) send(w http.ResponseWriter, r *http.Request, v *visit, status int, kind string, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Language", string(v.lang))
	h.Add("Vary", "Accept-Encoding, Cookie")
	if v.cacheable && status == http.StatusOK && keptAlready(w, r, body) {
		return nil
	}
	if takesGzip(r) && len(body) > 1024 {
		h.Set("Content-Encoding", "gzip")
		body = compress(body, gzip.DefaultCompression)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

// keptAlready lets a browser keep a page that holds nothing of any person, and asks it to check each time.
func keptAlready(w http.ResponseWriter, r *http.Request, body []byte) bool {
	sum := sha256.Sum256(body)
	etag := `W/"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") != etag {
		return false
	}
	w.WriteHeader(http.StatusNotModified)
	return true
}

// part renders one partial, for the live rows.
func (s *site) part(l Lang, page, name string, data any) (string, error) {
	var b strings.Builder
	if err := s.pages[l][page].ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("render part %s: %w", name, err)
	}
	return b.String(), nil
}
