package api

import (
	"context"
	"testing"
	"time"
)

func TestReadinessNeverHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	began := time.Now()
	got := askAll(t.Context(), []question{
		{"hangs", func(context.Context) check { <-release; return green("", "") }},
		{"answers", func(context.Context) check { return green("", "") }},
	})
	if took := time.Since(began); took > checkBound+time.Second {
		t.Errorf("took %s", took)
	}
	if got.Status != "red" || got.Checks[0].Status != "red" || got.Checks[0].Name != "hangs" {
		t.Errorf("%+v", got)
	}
}
