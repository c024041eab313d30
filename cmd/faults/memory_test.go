package main

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// measured is half an hour fed by hand: what each figure was, and some noise.
func measured(figureAt func(f figure, at time.Duration) float64) []sample {
	r := rand.New(rand.NewPCG(1, 1))
	samples := make([]sample, 360)
	for i := range samples {
		samples[i].at = time.Duration(i) * 5 * time.Second
		for f := range samples[i].figures {
			samples[i].figures[f] = figureAt(figure(f), samples[i].at) + r.Float64()*3
		}
	}
	return samples
}

func steady(figure, time.Duration) float64 { return 60 }

func TestGrowthIsToldByItsNameAndNoiseIsNot(t *testing.T) {
	t.Parallel()
	leak := func(of figure, perMinute float64) func(figure, time.Duration) float64 {
		return func(f figure, at time.Duration) float64 {
			if f == of {
				return 60 + perMinute*at.Minutes()
			}
			return 60
		}
	}
	for name, c := range map[string]struct {
		wrong    string
		figureAt func(figure, time.Duration) float64
	}{
		"steady":                  {"", steady},
		"a heap that leaks":       {"heap alive", leak(alive, 0.7)},
		"a process that grows":    {"resident", leak(resident, 1)},
		"goroutines that stay":    {"goroutines", leak(goroutines, 1)},
		"files that stay open":    {"open files", leak(files, 1)},
		"sessions that stay":      {"Postgres' backends", leak(backends, 1)},
		"Kafka keeps what it may": {"", leak(kafka, 8)},
		"callers who come back after a rest": {"", func(_ figure, at time.Duration) float64 {
			return 60 * min(1, at.Minutes())
		}},
		"a burst in the end": {"", func(_ figure, at time.Duration) float64 {
			if at > 29*time.Minute {
				return 600
			}
			return 60
		}},
	} {
		var out bytes.Buffer
		if wrong := judgeGrowth(measured(c.figureAt), 0.1, &out); (wrong == "") != (c.wrong == "") || !strings.HasPrefix(wrong, c.wrong) {
			t.Errorf("%s: %q\n%s", name, wrong, &out)
		}
	}
}

func TestTheSlopeIsPerSecond(t *testing.T) {
	t.Parallel()
	samples := make([]sample, 10)
	for i := range samples {
		samples[i].at = time.Duration(i) * time.Minute
		samples[i].figures[alive] = 5 + 0.5*samples[i].at.Seconds()
	}
	if got := slope(samples, alive); got < 0.4999 || got > 0.5001 {
		t.Errorf("slope %f, want 0.5", got)
	}
}

// Half a minute shows that everything is measured while it works. It is too short for the bound of half an hour: pools still fill.
func TestAShortRunMeasuresAWholeDossierAtWork(t *testing.T) {
	slow(t)
	t.Parallel()
	var out, talk bytes.Buffer
	args := []string{"memory", "-program", program(t), "-minutes", "0.4", "-every", "500ms", "-commands", "20", "-reads", "20", "-streams", "4", "-growth", "500", "-warm", "3"}
	if code := run(t.Context(), args, &out, &talk); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, &out, &talk)
	}
	for f, of := range figures {
		_, line, is := strings.Cut(out.String(), "  "+of.name+" ")
		if first := strings.Fields(line); !is || first[0] == "0.0" && figure(f) != kafka {
			t.Errorf("no %s in\n%s", of.name, &out)
		}
	}
}

func TestADossierThatEndsEndsTheRun(t *testing.T) {
	slow(t)
	t.Parallel()
	p, err := develop(t.Context(), program(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := newSampler(p, t.TempDir())
	p.stop()
	if taken, err := s.take(t.Context()); err == nil {
		t.Errorf("it has ended and is %s", taken)
	}
}
