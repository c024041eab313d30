// Package localregistry is a register on loopback, for development and tests: it knows what it was told, and can be slow, away or wrong.
package localregistry

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"dossier/handlers"
)

// Server is the register.
type Server struct {
	mu      sync.Mutex
	records map[[2]string]handlers.RegistryAnswer
	now     func() time.Time
	any     bool
	fault   string
	http    *http.Server
	at      string
}

// The faults.
const (
	Away    = "away"    // 503
	Garbled = "garbled" // no record
)

// Options of a register.
type Options struct {
	Now      func() time.Time // default time.Now
	AnyValid bool             // every number of eight digits or more is somebody's: for development
}

// Start listens on loopback.
func Start(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{records: map[[2]string]handlers.RegistryAnswer{}, now: o.Now, any: o.AnyValid}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen as a register: %w", err)
	}
	s.at = "http://" + l.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{register}/{number}", s.ask)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.http.Serve(l) }() // ends with Close
	return s, nil
}

// URL is where it is asked.
func (s *Server) URL() string { return s.at }

// Close ends it.
func (s *Server) Close() { _ = s.http.Close() }

// Put makes a record known.
func (s *Server) Put(register, number string, record any) {
	b, err := json.Marshal(record)
	if err != nil {
		panic(err) // a test's own
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[[2]string{register, number}] = handlers.RegistryAnswer{Record: b, AsOf: s.now().UTC()}
}

// Fail makes it misbehave; "" makes it well.
func (s *Server) Fail(how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = how
}

func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	register, number := r.PathValue("register"), r.PathValue("number")
	s.mu.Lock()
	a, known := s.records[[2]string{register, number}]
	fault := s.fault
	s.mu.Unlock()
	if !known && s.any && len(number) >= 8 {
		a, known = handlers.RegistryAnswer{Record: json.RawMessage(`{"status":"active"}`), AsOf: s.now().UTC()}, true
	}
	switch {
	case fault == Away:
		http.Error(w, "away", http.StatusServiceUnavailable)
	case fault == Garbled:
		fmt.Fprint(w, "<html>")
	case !known:
		http.NotFound(w, r)
	default:
		_ = json.NewEncoder(w).Encode(a) // a caller that has gone is no matter
	}
}
