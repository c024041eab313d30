package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// judgeGrowth compares the median of the last third of the samples with that of the first, prints both and how fast each figure rises, and says
// what grew by more than the share allowed, "" for nothing.
//
// A median of a third of half an hour is one of a hundred samples, so a garbage collection or a burst does not move it. At the default
// rate some 600,000 requests lie between the middles of the two thirds: a tenth of a heap of 40 MB is seven bytes a request, a tenth
// of a hundred goroutines one in sixty thousand.
func judgeGrowth(samples []sample, share float64, out io.Writer) (wrong string) {
	third := len(samples) / 3
	first, last := samples[:third], samples[len(samples)-third:]
	fmt.Fprintf(out, "  %-20s %12s %12s %14s %12s\n", "", "first third", "last third", "per 10 minutes", "at most")
	for f, of := range figures {
		before, after := median(first, figure(f)), median(last, figure(f))
		most, bound := before*(1+share)+of.slack, ""
		if of.judged {
			bound = fmt.Sprintf("%.1f", most)
		}
		fmt.Fprintf(out, "  %-20s %12.1f %12.1f %+14.2f %12s\n", of.name, before, after, slope(samples, figure(f))*(10*time.Minute).Seconds(), bound)
		if of.judged && after > most && wrong == "" {
			wrong = fmt.Sprintf("%s grew from %.1f to %.1f", of.name, before, after)
		}
	}
	return wrong
}

func median(samples []sample, f figure) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = s.figures[f]
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// slope is the line through the samples that has the least squares, per second.
func slope(samples []sample, f figure) float64 {
	var n, x, y, xx, xy float64
	for _, s := range samples {
		t, v := s.at.Seconds(), s.figures[f]
		n, x, y, xx, xy = n+1, x+t, y+v, xx+t*t, xy+t*v
	}
	return (n*xy - x*y) / (n*xx - x*x)
}
