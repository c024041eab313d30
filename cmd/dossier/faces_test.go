package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"dossier/handlers"
	"dossier/internal/config"
	"dossier/migrations/dbtest"
)

// production is a process as serve makes it, answering on an address.
func production(t *testing.T, set func(*config.Config)) *httptest.Server {
	t.Helper()
	db := dbtest.New(t)
	cfg, err := config.FromEnv(func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database.URL, cfg.Kafka.Brokers = db.AppURL, []string{"127.0.0.1:1"}
	cfg.CommandKey, cfg.VaultKey = strings.Repeat("k", 32), base64.StdEncoding.EncodeToString([]byte(strings.Repeat("v", 32)))
	cfg.HTTP.PublicURL = "https://dossier.example"
	cfg.OIDC.Issuer, cfg.OIDC.ClientID, cfg.OIDC.ClientSecret = "https://id.example", "dossier", "secret"
	if set != nil {
		set(&cfg)
	}
	p, err := newProcess(context.Background(), cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := p.handler([]string{roleAPI})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config = p.server(handler)
	server.Start()
	t.Cleanup(func() { server.Close(); p.close() })
	return server
}

func TestAnAddressThatIsNoTextIsRefusedOnEveryFace(t *testing.T) {
	t.Parallel()
	server := production(t, nil)
	for _, path := range []string{"/v1/dossiers?q=%00", "/v1/dossiers/%00", "/v1/dossiers?unit=%ff", "/track?code=%00", "/check?number=%c0%af", "/dossiers?q=%ed%a0%80", "/%00", "/procedures?%ff=1"} {
		if status, body, err := get(t.Context(), server.URL+path); err != nil || status != http.StatusBadRequest {
			t.Errorf("%s: %d %v %.200s", path, status, err, body)
		}
	}
}

func TestWhoDoesNotReadItsAnswersIsCutOff(t *testing.T) {
	t.Parallel()
	server := production(t, nil)
	c, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(16 << 10)
	began := time.Now()
	// Asks again and again and reads nothing: at last the server stops taking requests, and then it ends the connection.
	_ = c.SetWriteDeadline(began.Add(4 * handlers.SlowestReader))
	for err = nil; err == nil; {
		_, err = fmt.Fprint(c, "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
	}
	if took := time.Since(began); errors.Is(err, os.ErrDeadlineExceeded) || took < handlers.SlowestReader/2 {
		t.Errorf("kept for %s: %v", took, err)
	}
}

var patternsOf = regexp.MustCompile(`HandleFunc\("(GET|POST) (/[^"]*)"`)

// everyRoute is each route of the API's document and of the pages' table, with something in its holes.
func everyRoute(t *testing.T, server *httptest.Server) (routes [][2]string) {
	t.Helper()
	status, body, err := get(t.Context(), server.URL+"/version")
	if err != nil || status != 200 {
		t.Fatalf("%d %s %v", status, body, err)
	}
	answer, err := http.Get(server.URL + "/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var doc struct{ Paths map[string]map[string]any }
	if err := json.NewDecoder(answer.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	holes := regexp.MustCompile(`\{[^}]*\}`)
	add := func(method, path string) {
		routes = append(routes, [2]string{method, holes.ReplaceAllString(path, "x")})
	}
	for path, operations := range doc.Paths {
		for method := range operations {
			add(strings.ToUpper(method), path)
		}
	}
	table, err := os.ReadFile("../../handlers/web/web.go")
	if err != nil {
		t.Fatal(err)
	}
	pages := patternsOf.FindAllStringSubmatch(string(table), -1)
	if len(pages) < 25 || len(routes) < 80 {
		t.Fatalf("only %d pages and %d operations", len(pages), len(routes))
	}
	for _, m := range pages {
		add(m[1], strings.ReplaceAll(m[2], "{$}", ""))
	}
	for _, path := range []string{"/docs", "/openapi.json", "/livez", "/readyz", "/metrics", "/version", "/schemas/x", "/no-such-page", "/v1/no-such-route", "/assets/site.css", "/login/callback"} {
		add("GET", path)
	}
	return routes
}

func TestEveryAnswerCarriesTheHeadersThatNarrowWhatABrowserDoes(t *testing.T) {
	t.Parallel()
	server := production(t, nil)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 20 * time.Second}
	routes := everyRoute(t, server)
	for _, route := range routes {
		r, _ := http.NewRequestWithContext(t.Context(), route[0], server.URL+route[1], nil)
		answer, err := client.Do(r)
		if err != nil {
			t.Errorf("%v: %v", route, err)
			continue
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		h := answer.Header
		csp := h.Get("Content-Security-Policy")
		switch {
		case !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "*"):
			t.Errorf("%v: policy %q", route, csp)
		case h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || h.Get("Strict-Transport-Security") == "":
			t.Errorf("%v: %v", route, h)
		case answer.StatusCode >= 500 && route[1] != "/readyz" && route[1] != "/login/go":
			t.Errorf("%v: status %d", route, answer.StatusCode)
		case strings.HasPrefix(route[1], "/v1/") && answer.StatusCode < 300 && !strings.HasPrefix(route[1], "/v1/results"):
			t.Errorf("%v: nobody was answered %d", route, answer.StatusCode)
		}
	}
	t.Logf("%d routes", len(routes))
}

func TestAnotherSitesPageChangesNothingOnAnyRoute(t *testing.T) {
	t.Parallel()
	server := production(t, nil)
	for _, route := range everyRoute(t, server) {
		if route[0] != "POST" || route[1] == "/v1/payments/callbacks" { // signed by the provider
			continue
		}
		for _, origin := range []string{"https://elsewhere.example", "null"} {
			r, _ := http.NewRequestWithContext(t.Context(), "POST", server.URL+route[1], strings.NewReader("{}"))
			r.Header.Set("Origin", origin)
			r.Header.Set("Content-Type", "text/plain")
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != 403 && answer.StatusCode != 401 { // the API asks first who it is
				t.Errorf("%v from %s: %d", route, origin, answer.StatusCode)
			}
		}
	}
}

func TestWhoAsksTooOftenIsToldWhenToComeBackByWhateverProxyItComes(t *testing.T) {
	t.Parallel()
	server := production(t, func(c *config.Config) { c.HTTP.RateOfAddress, c.HTTP.Proxies = 20, []string{"127.0.0.0/8"} })
	ask := func(path, forwarded string) *http.Response {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		r.Header.Set("X-Forwarded-For", forwarded)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	for i := range 20 {
		ask([]string{"/v1/dossiers", "/procedures"}[i%2], fmt.Sprintf("198.51.100.%d, 203.0.113.7", i)) // what it wrote itself changes nothing
	}
	for _, path := range []string{"/v1/dossiers", "/procedures"} {
		if a := ask(path, "203.0.113.7"); a.StatusCode != 429 || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", path, a.StatusCode, a.Header)
		}
		if a := ask(path, "203.0.113.8"); a.StatusCode == 429 {
			t.Errorf("%s: somebody else is kept out", path)
		}
	}
	if a := ask("/livez", "203.0.113.7"); a.StatusCode != 200 {
		t.Errorf("/livez: %d", a.StatusCode)
	}
}

func TestHugeHeadersAndSlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	server := production(t, nil)
	r, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/v1/dossiers", nil)
	r.Header.Set("Authorization", "Bearer dossier_"+strings.Repeat("x", 128<<10))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("huge header: %d", answer.StatusCode)
	}
	// A header that drips is cut off; a client beside it is answered meanwhile.
	slow, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	fmt.Fprint(slow, "GET /v1/dossiers HTTP/1.1\r\nHost: x\r\n")
	began := time.Now()
	if status, _, err := get(t.Context(), server.URL+"/livez"); status != 200 || err != nil {
		t.Errorf("beside a slow one: %d %v", status, err)
	}
	_ = slow.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := bufio.NewReader(slow).ReadString('\n'); err == nil || time.Since(began) > 20*time.Second {
		t.Errorf("a dripping header was kept for %s: %v", time.Since(began), err)
	}
}
