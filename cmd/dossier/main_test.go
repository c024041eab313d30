package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dossier/internal/config"
)

// The test binary is also the program: a process of its own can be killed as a process.
func TestMain(m *testing.M) {
	if os.Getenv("DOSSIER_TEST_AS_PROGRAM") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program runs `dossier` as a process of its own and returns what it said and its exit code.
func program(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, talk bytes.Buffer
	cmd := command(args...)
	cmd.Stdout, cmd.Stderr = &out, &talk
	_ = cmd.Run()
	return out.String(), talk.String(), cmd.ProcessState.ExitCode()
}

func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "DOSSIER_TEST_AS_PROGRAM=1", "GORACE=exitcode=66")
	return cmd
}

// must is program for a call that has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	out, talk, code := program(t, args...)
	if code != 0 {
		t.Fatalf("dossier %s: exit %d\n%s%s", strings.Join(args, " "), code, out, talk)
	}
	return out
}

// dev is a development stack in a process of its own.
type dev struct {
	t      *testing.T
	folder string
	args   []string
	cmd    *exec.Cmd
	out    *talk
	cfg    config.Config
}

// talk is what a process says, readable while it speaks.
type talk struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *talk) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *talk) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func startDev(t *testing.T, args ...string) *dev {
	t.Helper()
	folder := t.TempDir()
	d := &dev{t: t, folder: folder, args: append([]string{"dev", "--data", folder, "--http", "127.0.0.1:0", "--kafka", "127.0.0.1:0"}, args...)}
	d.start()
	t.Cleanup(d.stop)
	return d
}

// start returns when the stack answers on its page.
func (d *dev) start() {
	d.t.Helper()
	d.out = &talk{}
	d.cmd = command(d.args...)
	d.cmd.Stdout, d.cmd.Stderr = d.out, d.out
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.eventually("the stack is ready", func() error {
		cfg, err := config.Load(filepath.Join(d.folder, settingsFile))
		if err != nil {
			return err
		}
		if cfg.PID != d.cmd.Process.Pid {
			return fmt.Errorf("dev.json is of process %d", cfg.PID)
		}
		d.cfg = cfg
		status, body, err := get(context.Background(), "http://"+cfg.HTTP.Addr+"/readyz")
		if err != nil || status != 200 {
			return fmt.Errorf("readyz %d %s %v", status, body, err)
		}
		return nil
	})
}

func (d *dev) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_ = d.cmd.Wait()
}

func (d *dev) kill() {
	_ = d.cmd.Process.Kill()
	_ = d.cmd.Wait()
}

// eventually waits for a condition, at most a minute.
func (d *dev) eventually(what string, holds func() error) {
	d.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := holds()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("waited a minute in vain: %s: %v\n%s", what, err, d.out)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// get asks the API as an account and decodes its JSON.
func (d *dev) get(account, path string, into any) (status int, body string) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+d.cfg.HTTP.Addr+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer dev:"+account)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if into != nil && resp.StatusCode == 200 {
		if err := json.Unmarshal(b, into); err != nil {
			d.t.Fatalf("%s: %v\n%s", path, err, b)
		}
	}
	return resp.StatusCode, string(b)
}

// long leaves a test to make test-long: each change waits for the others only.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("DOSSIER_TEST_LONG") == "" {
		t.Skip("one of the long ones: make test-long")
	}
}
