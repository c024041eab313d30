package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"
)

// largestBatch plans one act on as many dossiers as a batch may have, looks at it, lets it run to its end and reads every item.
func (h *house) largestBatch(ctx context.Context, b *bench, items int) error {
	b.say("one act on %d dossiers", min(items, len(h.all)))
	ids := make([]string, 0, items)
	for _, id := range h.all[:min(items, len(h.all))] {
		ids = append(ids, id.String())
	}
	var planned struct {
		ID    uuid.UUID
		Phase string
		Total int
	}
	began := time.Now()
	// The largest body that there is; most are refused by a rule, which is an outcome like any other.
	if err := h.ask(ctx, "officer", http.MethodPost, "/v1/bulk", map[string]any{"command": "record-step", "arguments": map[string]any{"code": "desk-check"}, "ids": ids}, &planned); err != nil {
		return err
	}
	b.report(fmt.Sprintf("batch of %d: planned", planned.Total), time.Since(began).Round(time.Millisecond).String())
	began = time.Now()
	if err := h.ask(ctx, "officer", http.MethodPost, "/v1/bulk/"+planned.ID.String()+"/run", map[string]any{}, nil); err != nil {
		return err
	}
	for planned.Phase != "finished" && planned.Phase != "halted" {
		time.Sleep(time.Second)
		if err := h.ask(ctx, "officer", http.MethodGet, "/v1/bulk/"+planned.ID.String(), nil, &planned); err != nil {
			return err
		}
		if time.Since(began) > 10*time.Minute {
			return fmt.Errorf("batch %s stands at %q", planned.ID, planned.Phase)
		}
	}
	b.report(fmt.Sprintf("batch of %d: run to its end", planned.Total), time.Since(began).Round(time.Millisecond).String())
	return h.everyItem(ctx, b, planned.ID, len(ids))
}

// everyItem reads what became of each, a line an item.
func (h *house) everyItem(ctx context.Context, b *bench, id uuid.UUID, want int) error {
	began := time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v1/bulk/"+id.String()+"/items", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+h.tokens["officer"][0])
	r.Header.Set("Accept", "application/x-ndjson")
	answer, err := h.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	outcomes, lines := map[string]int{}, json.NewDecoder(answer.Body)
	for n := 0; ; n++ {
		var item struct{ Outcome string }
		if err := lines.Decode(&item); err == io.EOF {
			if n != want {
				return wrong("%d items of %d are told", n, want)
			}
			break
		} else if err != nil {
			return err
		}
		outcomes[item.Outcome]++
	}
	b.report(fmt.Sprintf("batch of %d: every item read, a line each", want), time.Since(began).Round(time.Millisecond).String())
	b.report("batch: what became of them", fmt.Sprint(outcomes))
	if outcomes["failed"]+outcomes["not_found"] > 0 {
		return wrong("items that must not be: %v", outcomes)
	}
	return nil
}
