package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"dossier/internal/devstack"
)

// process is one `dossier serve` of its own, so that it can be killed as a process.
type process struct {
	cmd  *exec.Cmd
	said *said
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
	p := &process{cmd: exec.Command(program, "serve", "--roles", roles, "--http", "127.0.0.1:0", "--dev-login"), said: &said{}}
	p.cmd.Env = append(w.environment(), "LOG_LEVEL=info")
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", roles, err)
	}
	return p, nil
}

func (w *world) environment() []string {
	return append(os.Environ(),
		"DATABASE_URL="+w.pg.Load().URL("dossier_app", database), "MIGRATE_DATABASE_URL="+w.pg.Load().URL(devstack.Superuser, database),
		"KAFKA_BROKERS="+strings.Join(w.kafka.addrs, ","), "KAFKA_PARTITIONS=8", "COMMAND_KEY="+string(commandKey))
}

// kill ends it as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
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
