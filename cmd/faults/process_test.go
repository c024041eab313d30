package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"dossier/internal/devstack"
)

// serve starts a process with these roles on the world's Postgres and Kafka.
func (w *world) serve(program, roles string) (*process, error) {
	cmd := exec.Command(program, "serve", "--roles", roles, "--http", "127.0.0.1:0", "--dev-login")
	cmd.Env = append(w.environment(), "LOG_LEVEL=info")
	return launch(cmd, syscall.SIGKILL)
}

func (w *world) environment() []string {
	as := func(role string) string {
		return fmt.Sprintf("postgres://%s@/%s?host=%s&port=5432", role, database, url.QueryEscape(w.address()))
	}
	return append(os.Environ(),
		"DATABASE_URL="+as("dossier_app"), "MIGRATE_DATABASE_URL="+as(devstack.Superuser),
		"KAFKA_BROKERS="+strings.Join(w.kafka.addresses(), ","), "KAFKA_TOPIC="+w.topic, "KAFKA_PARTITIONS=8", "COMMAND_KEY="+string(commandKey), "VAULT_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
}

// red is what /readyz names as wrong, "" while all is green.
func (p *process) red() (checks string) {
	var body struct {
		Checks []struct{ Name, Status, EN string }
	}
	answer, err := http.Get(p.address() + "/readyz") //nolint:noctx // it answers within two seconds
	if err != nil {
		return "no answer: " + err.Error()
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil || len(body.Checks) == 0 {
		return fmt.Sprintf("no checks in the answer: %v", err)
	}
	for _, c := range body.Checks {
		if c.Status != "green" {
			checks += c.Name + ": " + c.EN + "; "
		}
	}
	if (checks == "") != (answer.StatusCode == http.StatusOK) {
		return fmt.Sprintf("status %d contradicts the checks: %s", answer.StatusCode, checks)
	}
	return checks
}

// submit sends one command over HTTP and returns the status and when to come back.
func (p *process) submit(ctx context.Context, key string) (status int, retryAfter string, err error) {
	const filing = `{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"applicant-1"}`
	answer, err := p.ask(ctx, http.MethodPost, "/v1/dossiers", key, filing)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("Retry-After"), nil
}

func (p *process) ask(ctx context.Context, method, path, key, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.address()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer dev:applicant-1")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	return http.DefaultClient.Do(r)
}

// figure is one of /metrics, 0 when it is not there.
func (p *process) figure(ctx context.Context, name string) (value float64) {
	answer, err := p.ask(ctx, http.MethodGet, "/metrics", "", "")
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	for line := range strings.Lines(string(text)) {
		if n, _ := fmt.Sscanf(line, name+" %g", &value); n == 1 {
			return value
		}
	}
	return 0
}

// resident is how many MB of memory it has.
func (p *process) resident() (mb int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kb int
		if n, _ := fmt.Sscanf(line, "VmRSS: %d kB", &kb); n == 1 {
			return kb >> 10
		}
	}
	return 0
}
