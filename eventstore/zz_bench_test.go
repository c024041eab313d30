package eventstore

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"sort"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

func TestZZ(t *testing.T) {
	ctx := context.Background()
	pool, _ := pgxpool.New(ctx, "postgres://dossier_app@/bench?host=/tmp/journal-pg&port=5499")
	owner, _ := pgxpool.New(ctx, "postgres://postgres@/bench?host=/tmp/journal-pg&port=5499")
	j, err := Open(ctx, pool, Options{})
	if err != nil { t.Fatal(err) }
	data := json.RawMessage(`{"a":"` + strings.Repeat("y", 200) + `"}`)
	req := func() Request {
		return Request{Stream: Stream{Kind: "dossier", ID: uuid.New()}, Seen: 0, Events: []NewEvent{{Type: "dossier.submitted", TypeVersion: 1, Data: data, Meta: data, OccurredAt: time.Now()}}}
	}
	modes := map[string]func(){
		"1 append": func() { if _, err := j.Append(ctx, req()); err != nil { t.Fatal(err) } },
		"2 deliver": func() { p, _ := j.prepare(req()); j.writer.deliver([]*pending{p}, time.Time{}); <-p.answer },
		"3 plain": func() { s := uuid.New(); id, _ := uuid.NewV7()
			if _, err := owner.Exec(ctx, `insert into plain (stream_id, stream_kind, version, event_id, type, type_version, data, meta, occurred_at, lane) values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
			s, "dossier", 1, id, "dossier.submitted", 1, data, data, time.Now(), Lane(s)); err != nil { t.Fatal(err) } },
	}
	lat := map[string][]time.Duration{}
	for range 20 {
		for _, m := range []string{"1 append", "2 deliver", "3 plain"} {
			for range 100 {
				s := time.Now(); modes[m](); lat[m] = append(lat[m], time.Since(s))
			}
		}
	}
	for m, l := range lat { sort.Slice(l, func(i, k int) bool { return l[i] < l[k] }); fmt.Println(m, "p10", l[len(l)/10], "p25", l[len(l)/4], "p50", l[len(l)/2]) }
	j.Close(); pool.Close(); owner.Close()
}
