package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"dossier/domain"
	"dossier/handlers"

	"github.com/google/uuid"
)

// answer is a response on its way: it knows its status and the error behind it, for the log.
type answer struct {
	http.ResponseWriter
	status int
	bytes  int64
	err    error
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ServeHTTP gives every request its id, its headers, its line in the log and its place in the figures.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	call := &handlers.Call{ID: requestID(r.Header.Get("X-Request-Id")), Traceparent: handlers.Traceparent(r.Header.Get("Traceparent"))}
	a := &answer{ResponseWriter: w}
	r = r.WithContext(handlers.WithCall(context.WithValue(r.Context(), answerKey{}, a), call))
	header(w.Header(), call)
	_, route := s.mux.Handler(r)
	defer s.metrics.Open(route)()
	defer func() {
		if fault := recover(); fault != nil {
			s.recovered(a, r, fault)
		}
		s.metrics.Request(route, r.Method, a.status, time.Since(began))
		s.log.LogAttrs(r.Context(), level(route, a), "request", line(r, route, a, call, began)...)
	}()
	s.route(a, r, route)
}

type answerKey struct{}

// route lets the mux answer, or says in our own form that it cannot.
func (s *server) route(w http.ResponseWriter, r *http.Request, route string) {
	methods := s.meant(r)
	switch {
	case !handlers.Readable(r.URL):
		s.fail(w, r, handlers.ErrUnreadable)
	case len(methods) > 0 && !slices.Contains(methods, r.Method):
		s.otherMethod(w, r, strings.Join(methods, ", "))
	case route == "":
		s.noRoute(w, r)
	case !strings.HasPrefix(r.URL.Path, "/v1/"):
		s.mux.ServeHTTP(w, r)
	default:
		leave, err := s.gate(r, route).EnterWith(r, largest(route))
		if err != nil {
			s.fail(w, r, err)
			return
		}
		defer leave()
		if err := s.Rates.Address(r); err != nil {
			s.fail(w, r, err)
			return
		}
		if route == checkRoute { // for everybody
			if err := s.Checks.Enter(handlers.CallerOf(r)); err != nil {
				s.fail(w, r, err)
				return
			}
			s.mux.ServeHTTP(w, r)
			return
		}
		if route == callbackRoute { // signed, not signed in
			s.mux.ServeHTTP(w, r)
			return
		}
		if err := s.admit(r, route); err != nil {
			s.fail(w, r, err)
			return
		}
		s.mux.ServeHTTP(w, r)
	}
}

// largest is the most the body of a route may weigh.
func largest(route string) int64 {
	if route == planRoute {
		return handlers.LargestPlan
	}
	return handlers.LargestBody
}

// gate is another one for those who stay: they must not keep the others out.
func (s *server) gate(r *http.Request, route string) *handlers.Gate {
	if route == appendRoute || route == contentRoute {
		return s.uploads
	}
	if route == streamRoute || r.URL.Query().Has("wait") {
		return s.followers
	}
	return s.Gate
}

// admit finds out who calls, and refuses what no route takes.
func (s *server) admit(r *http.Request, route string) error {
	if len(r.Header.Values("Authorization")) > 1 { // whoever stands in front of us may believe the other one
		return &handlers.Failure{Status: http.StatusBadRequest, Code: "two_authorizations", Field: "Authorization",
			VI: "Yêu cầu có hai tiêu đề Authorization: gửi một", EN: "The request has two Authorization headers: send one"}
	}
	actor, err := s.Auth.Authenticate(r)
	if err != nil {
		return err
	}
	handlers.CallOf(r.Context()).Actor = actor
	if err := s.Rates.Account(actor.Account); err != nil {
		return err
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead { // commands are refused by the executor, which records it
		if err := s.admitted(r, actor); err != nil {
			return err
		}
		if err := mayEnter(actor, route); err != nil {
			return err
		}
	}
	if err := s.origin.Check(r); err != nil {
		return &handlers.Failure{Status: http.StatusForbidden, Code: "cross_origin",
			VI: "Yêu cầu này đến từ một trang khác", EN: "This request comes from another site's page"}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &handlers.Failure{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Field: "Content-Encoding",
			VI: "Nội dung gửi không được nén", EN: "A body may not be compressed"}
	}
	if r.Method == http.MethodPost && !isJSON(r) {
		return &handlers.Failure{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Field: "Content-Type",
			VI: "Nội dung phải là JSON: gửi kèm Content-Type: application/json", EN: "The body must be JSON: send Content-Type: application/json"}
	}
	return nil
}

// mayEnter asks for the right to a route before anything behind it is looked at.
func mayEnter(a domain.Actor, route string) error {
	if door, known := handlers.DoorOf(handlers.API, route); known {
		return door.May(a)
	}
	return nil // shut by the mux
}

// admitted says whether the organisation knows who asks.
func (s *server) admitted(r *http.Request, actor domain.Actor) error {
	if s.Executor == nil {
		return nil
	}
	return s.Executor.Admits(r.Context(), actor)
}

func isJSON(r *http.Request) bool {
	sent, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	sent = strings.ToLower(strings.TrimSpace(sent))
	return sent == "application/json" || sent == "" || r.ContentLength == 0
}

// noRoute answers what the mux would, as a problem: no such path, or a path that takes other methods.
func (s *server) noRoute(w http.ResponseWriter, r *http.Request) {
	probe := &blank{header: http.Header{}}
	s.mux.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		s.otherMethod(w, r, probe.header.Get("Allow"))
		return
	}
	s.fail(w, r, &handlers.Failure{Status: http.StatusNotFound, Code: "no_route",
		VI: fmt.Sprintf("Không có đường dẫn %s; xem /docs", r.URL.Path), EN: fmt.Sprintf("There is no path %s; see /docs", r.URL.Path)})
}

func (s *server) otherMethod(w http.ResponseWriter, r *http.Request, allowed string) {
	w.Header().Set("Allow", allowed)
	s.fail(w, r, &handlers.Failure{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed",
		VI: "Đường dẫn này chỉ nhận: " + allowed, EN: "This path takes only: " + allowed})
}

// blank takes an answer nobody will see.
type blank struct {
	header http.Header
	status int
}

func (b *blank) Header() http.Header         { return b.header }
func (b *blank) Write(p []byte) (int, error) { return len(p), nil }
func (b *blank) WriteHeader(status int)      { b.status = status }

func header(h http.Header, call *handlers.Call) {
	h.Set("X-Request-Id", call.ID)
	h.Set("Traceparent", call.Traceparent)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", "Accept, Accept-Language")
}

var requestIDs = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func requestID(sent string) string {
	if requestIDs.MatchString(sent) {
		return sent
	}
	return uuid.NewString()
}

// recovered turns a panic into a problem, if nothing was answered yet, and lets the server go on.
func (s *server) recovered(a *answer, r *http.Request, fault any) {
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	s.log.Error("panic", "request", handlers.CallOf(r.Context()).ID, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
	if a.status == 0 {
		s.fail(a, r, fmt.Errorf("panic: %v", fault))
	}
}

// line is a request in the log. The query stays out: it may name people's references.
func line(r *http.Request, route string, a *answer, call *handlers.Call, began time.Time) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("request", call.ID), slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("route", route),
		slog.Int("status", a.status), slog.Int64("bytes", a.bytes), slog.Float64("ms", float64(time.Since(began).Microseconds())/1000),
	}
	if call.Actor.Account != "" {
		attrs = append(attrs, slog.String("account", call.Actor.Account))
	}
	if a.err != nil {
		attrs = append(attrs, slog.String("error", a.err.Error()))
	}
	return attrs
}

// level keeps faults loud and the questions of monitors quiet.
func level(route string, a *answer) slog.Level {
	switch {
	case a.status >= 500 && a.status != http.StatusServiceUnavailable:
		return slog.LevelError
	case a.status >= 500:
		return slog.LevelWarn
	case strings.HasSuffix(route, "/livez") || strings.HasSuffix(route, "/readyz") || strings.HasSuffix(route, "/metrics"):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// noted keeps an error for the log line of its request.
func noted(ctx context.Context, err error) {
	if a, ok := ctx.Value(answerKey{}).(*answer); ok && a.err == nil && !errors.Is(err, context.Canceled) {
		a.err = err
	}
}
