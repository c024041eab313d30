package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// processorTime is what this process and the server's processes have used: on a machine that all of them share, what an event
// costs decides how many there can be in a second.
type processorTime struct{ ours, postgres time.Duration }

func (s *benchStack) processorTime() processorTime {
	var own syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &own)
	return processorTime{ours: time.Duration(own.Utime.Nano() + own.Stime.Nano()), postgres: familyTime(s.pg.PID())}
}

func (t processorTime) since(before processorTime) processorTime {
	return processorTime{t.ours - before.ours, t.postgres - before.postgres}
}

// each is what one of n took, as people read it.
func (t processorTime) each(n int) string {
	micros := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(n) }
	return fmt.Sprintf("%.1f µs: %.1f Go, %.1f Postgres", micros(t.ours+t.postgres), micros(t.ours), micros(t.postgres))
}

// familyTime is what a process, its children and those of them that have ended have used; zero where there is no /proc.
func familyTime(pid int) (sum time.Duration) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		_, after, _ := strings.Cut(string(text), ") ") // the name before it may hold anything
		var state string
		var parent, ticks, n int
		fields := strings.Fields(after)
		if len(fields) < 15 {
			continue
		}
		_, _ = fmt.Sscan(fields[0]+" "+fields[1], &state, &parent)
		own := strings.HasPrefix(string(text), fmt.Sprint(pid, " "))
		if !own && parent != pid {
			continue
		}
		for i, field := range fields[11:15] { // user and system, and those of children that have ended
			if i < 2 || own {
				_, _ = fmt.Sscan(field, &n)
				ticks += n
			}
		}
		sum += time.Duration(ticks) * 10 * time.Millisecond
	}
	return sum
}
