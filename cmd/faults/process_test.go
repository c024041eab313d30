package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"dossier/internal/devstack"
)

// process is one `dossier serve` of its own, so that it can be killed as a process.
type process struct {
	cmd  *exec.Cmd
	said *said
	done chan struct{}
}

// said is what a process has printed so far.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// serve starts a process with these roles on the world's Postgres and Kafka.
func (w *world) serve(program, roles string) (*process, error) {
	p := &process{cmd: exec.Command(program, "serve", "--roles", roles, "--http", "127.0.0.1:0", "--dev-login"), said: &said{}, done: make(chan struct{})}
	p.cmd.Env = append(w.environment(), "LOG_LEVEL=info")
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", roles, err)
	}
	return p, nil
}

// run holds on to the thread that starts the process, for the process dies with it.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer close(p.done)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait()
	}
}

func (w *world) environment() []string {
	as := func(role string) string {
		return fmt.Sprintf("postgres://%s@/%s?host=%s&port=5432", role, database, url.QueryEscape(w.address()))
	}
	return append(os.Environ(),
		"DATABASE_URL="+as("dossier_app"), "MIGRATE_DATABASE_URL="+as(devstack.Superuser),
		"KAFKA_BROKERS="+strings.Join(w.kafka.addresses(), ","), "KAFKA_TOPIC="+w.topic, "KAFKA_PARTITIONS=8", "COMMAND_KEY="+string(commandKey))
}

// kill ends it as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// address is where it answers, "" while it does not yet.
func (p *process) address() string {
	_, after, found := strings.Cut(p.said.String(), "http://")
	if !found {
		return ""
	}
	end := strings.IndexAny(after, " \"\n")
	return "http://" + after[:max(end, 0)]
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
	body := strings.NewReader(`{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"applicant-1"}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address()+"/v1/dossiers", body)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Authorization", "Bearer dev:applicant-1")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("Retry-After"), nil
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
