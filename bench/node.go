package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

//go:embed peers
var peerFiles embed.FS

// nodePeer is a store written for Node: a child process that appends and reads on our word and measures itself, so that what
// crosses the pipe is one line a measurement.
type nodePeer struct {
	name    string
	version string
	child   *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// startNode installs the peer with the exact versions of its lock file (once, in the user's cache folder) and starts it.
func startNode(ctx context.Context, folder, name, database string, log io.Writer) (*nodePeer, error) {
	dir, err := installNode(ctx, folder, log)
	if err != nil {
		return nil, fmt.Errorf("install %s: %w", name, err)
	}
	event, err := json.Marshal(map[string]any{"type": eventType, "data": json.RawMessage(eventData), "meta": json.RawMessage(eventMeta)})
	if err != nil {
		return nil, fmt.Errorf("encode sample event: %w", err)
	}
	p := &nodePeer{name: name, child: exec.CommandContext(ctx, "node", "main.mjs")}
	p.child.Dir, p.child.Stderr = dir, log
	p.child.Env = append(os.Environ(), "NODE_ENV=production", "BENCH_DATABASE="+database, "BENCH_EVENT="+string(event), fmt.Sprintf("BENCH_POOL=%d", nodePool))
	if p.in, err = p.child.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.child.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.child.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	hello, err := p.read()
	if err != nil {
		p.close()
		return nil, err
	}
	p.version = hello.Version
	return p, nil
}

// installNode copies the peer's files to a folder named for their content and lets npm fetch what the lock file names.
func installNode(ctx context.Context, folder string, log io.Writer) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	files := map[string]string{"driver.mjs": "peers/driver.mjs"}
	for _, f := range []string{"main.mjs", "package.json", "package-lock.json"} {
		files[f] = "peers/" + folder + "/" + f
	}
	sum := sha256.New()
	for _, f := range []string{"driver.mjs", "main.mjs", "package.json", "package-lock.json"} {
		b, err := peerFiles.ReadFile(files[f])
		if err != nil {
			return "", err
		}
		sum.Write(b)
	}
	dir := filepath.Join(cache, "dossier-bench", fmt.Sprintf("%s-%x", folder, sum.Sum(nil)[:6]))
	if _, err := os.Stat(filepath.Join(dir, "installed")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for to, from := range files {
		b, _ := peerFiles.ReadFile(from)
		if err := os.WriteFile(filepath.Join(dir, to), b, 0o644); err != nil {
			return "", err
		}
	}
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
	npm.Dir, npm.Stdout, npm.Stderr = dir, log, log
	if err := npm.Run(); err != nil {
		return "", fmt.Errorf("npm ci: %w", err)
	}
	return dir, os.WriteFile(filepath.Join(dir, "installed"), nil, 0o644)
}

type nodeAnswer struct {
	Version string
	Rate    float64
	Error   string
}

func (p *nodePeer) read() (a nodeAnswer, err error) {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("%s went away: %w", p.name, err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, fmt.Errorf("%s said %q: %w", p.name, line, err)
	}
	if a.Error != "" {
		return a, errors.New(p.name + ": " + a.Error)
	}
	return a, nil
}

func (p *nodePeer) ask(question map[string]any) (float64, error) {
	if err := json.NewEncoder(p.in).Encode(question); err != nil {
		return 0, fmt.Errorf("ask %s: %w", p.name, err)
	}
	a, err := p.read()
	return a.Rate, err
}

func (p *nodePeer) append(_ context.Context, writers, batch int, span time.Duration) (float64, error) {
	return p.ask(map[string]any{"op": "append", "writers": writers, "batch": batch, "ms": span.Milliseconds()})
}

func (p *nodePeer) drain(_ context.Context, events int) (float64, error) {
	return p.ask(map[string]any{"op": "drain", "limit": events})
}

func (p *nodePeer) close() {
	p.in.Close()
	ended := make(chan struct{})
	go func() { p.child.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		p.child.Process.Kill()
		<-ended
	}
}
