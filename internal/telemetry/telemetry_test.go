package telemetry

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAwayFromATerminalTheLogIsJSONWithoutSecrets(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log, err := Logger(&b, LogOptions{})
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("not shown")
	log.Info("shown", "password", "hunter2", "database_url", "postgres://u:hunter2@h/d", "account", "clerk")
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, b.String())
	}
	if line["msg"] != "shown" || line["account"] != "clerk" || strings.Contains(b.String(), "hunter2") {
		t.Errorf("%s", b.String())
	}
}

func TestTheLogsLevelAndFormatAreChosen(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log, err := Logger(&b, LogOptions{Level: "warn", Format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("not shown")
	log.Warn("shown")
	if got := b.String(); strings.Contains(got, "not shown") || !strings.Contains(got, "level=WARN msg=shown") {
		t.Errorf("%s", got)
	}
	for _, bad := range []LogOptions{{Level: "loud"}, {Format: "xml"}} {
		if _, err := Logger(&b, bad); err == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestFiguresAreReadWhenAsked(t *testing.T) {
	t.Parallel()
	m := New()
	lag := 3.0
	if err := m.Gauge("test_lag", "How far behind.", []string{"view"}, func() []Sample {
		return []Sample{{Labels: []string{"history"}, Value: lag}}
	}); err != nil {
		t.Fatal(err)
	}
	if err := m.Gauge("test_lag", "How far behind.", []string{"view"}, nil); err == nil {
		t.Error("the same figure twice")
	}
	m.Command("accept", "done", time.Millisecond)
	m.Request("GET /x", "GET", 200, time.Millisecond)
	done := m.Open("GET /x")
	lag = 5
	figures := scrape(m)
	for _, want := range []string{
		`test_lag{view="history"} 5`, `dossier_commands_total{command="accept",outcome="done"} 1`,
		`dossier_http_seconds_count{method="GET",route="GET /x",status="200"} 1`, `dossier_http_open{route="GET /x"} 1`,
	} {
		if !strings.Contains(figures, want) {
			t.Errorf("figures lack %s", want)
		}
	}
	done()
	if !strings.Contains(scrape(m), `dossier_http_open{route="GET /x"} 0`) {
		t.Error("an answered request still counts as open")
	}
}

func TestNoMetricsCountNothing(t *testing.T) {
	t.Parallel()
	var m *Metrics
	m.Command("accept", "done", time.Millisecond)
	m.Request("GET /x", "GET", 200, time.Millisecond)
	m.Open("GET /x")()
	if err := m.Gauge("x", "y", nil, nil); err != nil {
		t.Error(err)
	}
}

func scrape(m *Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}
