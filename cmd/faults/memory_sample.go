package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sample is what a running dossier was at a moment.
type sample struct {
	at      time.Duration
	figures [figuresCount]float64
}

// figure is one thing that is measured, a row of figures.
type figure int

const (
	alive figure = iota
	resident
	goroutines
	files
	backends
	postgres
	kafka
	figuresCount
)

// figures says what each is, and by how much it may grow beside the share that is allowed: what a table of a pool or a page of the
// allocator makes of a moment. Those without a bound are shown only.
var figures = [figuresCount]struct {
	name, metric string
	unit         float64
	judged       bool
	slack        float64
}{
	alive:      {"heap alive, MB", "go_gc_heap_live_bytes", 1 << 20, true, 1},
	resident:   {"resident, MB", "process_resident_memory_bytes", 1 << 20, true, 4},
	goroutines: {"goroutines", "go_goroutines", 1, true, 5},
	files:      {"open files", "process_open_fds", 1, true, 5},
	backends:   {"Postgres' backends", "", 1, true, 2},
	postgres:   {"Postgres, MB (PSS)", "", 1 << 20, false, 0},
	kafka:      {"Kafka's folder, MB", "", 1 << 20, false, 0},
}

// sampler asks a `dossier dev` for its figures and its operating system for those of its Postgres.
type sampler struct {
	p   *process
	dir string
}

func newSampler(p *process, dir string) *sampler { return &sampler{p: p, dir: dir} }

func (s *sampler) take(ctx context.Context) (taken sample, err error) {
	if err := s.scrape(ctx, &taken); err != nil {
		return taken, err
	}
	for _, server := range childrenOf(s.p.cmd.Process.Pid) {
		all := childrenOf(server)
		taken.figures[backends] += float64(len(all))
		for _, pid := range append(all, server) {
			taken.figures[postgres] += proportional(pid) / figures[postgres].unit
		}
	}
	taken.figures[kafka], err = folderSize(filepath.Join(s.dir, "kafka"))
	taken.figures[kafka] /= figures[kafka].unit
	return taken, err
}

// scrape reads /metrics.
func (s *sampler) scrape(ctx context.Context, into *sample) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.p.address()+"/metrics", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("read figures: %w", err)
	}
	defer answer.Body.Close()
	found := 0
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		for f, of := range figures {
			if of.metric == "" || of.metric != name {
				continue
			}
			if into.figures[f], err = strconv.ParseFloat(value, 64); err != nil {
				return fmt.Errorf("read figure %s: %w", name, err)
			}
			into.figures[f] /= of.unit
			found++
		}
	}
	if found != 4 {
		return fmt.Errorf("%d of 4 figures are in /metrics: %w", found, errors.Join(lines.Err()))
	}
	return nil
}

// childrenOf lists the processes that a process has started.
func childrenOf(parent int) (children []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(text), ") ") // behind the name, which may hold anything
		var state string
		var ppid int
		if _, err := fmt.Sscan(after, &state, &ppid); err == nil && ppid == parent {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			children = append(children, pid)
		}
	}
	return children
}

// proportional is the memory of a process in bytes, what it shares divided by those who share it.
func proportional(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "Pss: %f kB", &kb); n == 1 {
			return kb * 1024
		}
	}
	return 0
}

func folderSize(dir string) (bytes float64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err == nil {
			bytes += float64(info.Size())
		}
		return ignoreGone(err)
	})
	return bytes, err
}

// ignoreGone: Kafka deletes old segments while we look.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (s sample) String() string {
	parts := make([]string, len(figures))
	for f, of := range figures {
		parts[f] = fmt.Sprintf("%s %.0f", of.name, s.figures[f])
	}
	return strings.Join(parts, ", ")
}
