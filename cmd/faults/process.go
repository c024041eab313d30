package main

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one `dossier` of its own, so that it can be killed, or looked at, as a process.
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

// launch starts a command, which gets a signal when this process dies.
func launch(cmd *exec.Cmd, orphaned syscall.Signal) (*process, error) {
	p := &process{cmd: cmd, said: &said{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.said, p.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: orphaned}
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd, err)
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

// develop starts `dossier dev` in a folder and waits until it answers.
func develop(ctx context.Context, program, dir string) (*process, error) {
	p, err := launch(exec.Command(program, "dev", "--empty", "--data", dir, "--http", "127.0.0.1:0", "--kafka", "127.0.0.1:0"), syscall.SIGTERM)
	if err != nil {
		return nil, err
	}
	starting, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	err = until(starting, func() error {
		if p.address() == "" {
			return fmt.Errorf("%s does not answer yet: %s", program, p.said)
		}
		return nil
	})
	if err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// kill ends it as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop ends it in order, so that it ends its Postgres.
func (p *process) stop() {
	_ = p.signal(syscall.SIGTERM)
	late := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
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
