package eventstore

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/migrations"
	"dossier/migrations/dbtest"
)

// request makes a request of one new stream, one event for each time given.
func request(occurred ...time.Time) Request {
	r := Request{Stream: Stream{Kind: "dossier", ID: uuid.New()}}
	for _, at := range occurred {
		r.Events = append(r.Events, NewEvent{
			Type: "dossier.noted", TypeVersion: 1, OccurredAt: at, Data: json.RawMessage(`{}`), Meta: json.RawMessage(`{}`),
		})
	}
	return r
}

// together sends requests as one batch. The writer must have nothing else to do.
func together(t *testing.T, j *Journal, requests ...Request) []answer {
	t.Helper()
	var batch []*pending
	for _, r := range requests {
		p, err := j.prepare(r)
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, p)
	}
	j.writer.deliver(batch, time.Time{})
	answers := make([]answer, len(batch))
	for i, p := range batch {
		answers[i] = <-p.answer
	}
	return answers
}

func openClock(t *testing.T, db *dbtest.DB, o Options) *Journal {
	t.Helper()
	j, err := Open(context.Background(), db.App, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

func TestRecordedAtFollowsTheClockAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	if has, err := migrations.HasSimulated(ctx, db.App); has || err != nil {
		t.Fatalf("an ordinary database has a simulated clock: %v, %v", has, err)
	}
	for range 2 {
		if err := migrations.Simulated(ctx, db.OwnerURL); err != nil {
			t.Fatal(err)
		}
	}
	if has, err := migrations.HasSimulated(ctx, db.App); !has || err != nil {
		t.Fatalf("has simulated = %v, %v", has, err)
	}
	start := time.Date(2025, 5, 2, 8, 0, 0, 0, time.UTC)
	now := start
	j := openClock(t, db, Options{Simulated: func() time.Time { return now }})
	last := start
	for _, c := range []struct {
		clock, occurred, want time.Duration
	}{
		{0, -time.Hour, 0},
		{time.Minute, 0, time.Minute},
		{-time.Hour, -time.Hour, time.Minute},       // stepped back: equal times
		{-time.Hour, 30 * time.Second, time.Minute}, // the last row vouches for what is not after it
		{2 * time.Minute, 2*time.Minute + 4*time.Second, 2*time.Minute + 4*time.Second}, // a little ahead
		{2 * time.Minute, 0, 2*time.Minute + 4*time.Second},
		{540 * 24 * time.Hour, 0, 540 * 24 * time.Hour},
	} {
		now = start.Add(c.clock)
		for _, n := range []int{1, 2} { // the short path and the general one
			r := request(start.Add(c.occurred))
			for range n - 1 {
				r.Events = append(r.Events, r.Events[0])
			}
			result, err := j.Append(ctx, r)
			if err != nil || !result.RecordedAt.Equal(start.Add(c.want)) || result.RecordedAt.Before(last) {
				t.Errorf("clock %s, occurred %s: %+v, %v; want %s", c.clock, c.occurred, result, err, start.Add(c.want))
			}
			last = result.RecordedAt
		}
	}
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
}

func TestAFactFromTheFutureIsRefusedAlone(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	j := openClock(t, db, Options{})
	now := time.Now()
	near, far := now.Add(2*time.Second), now.Add(time.Minute)
	answers := together(t, j, request(now), request(far), request(now, near), request(now, far, now), request(now))
	var ahead *OccurredAheadError
	for i, wantAhead := range []bool{false, true, false, true, false} {
		if errors.As(answers[i].err, &ahead) != wantAhead || !wantAhead && answers[i].err != nil {
			t.Errorf("request %d: %+v", i, answers[i])
		}
	}
	if a, b, c := answers[0].result, answers[2].result, answers[4].result; a.First != 1 || b.First != 2 || b.Last != 3 || c.First != 4 {
		t.Errorf("positions %+v %+v %+v", a, b, c)
	} else if b.RecordedAt.Before(near.Truncate(time.Microsecond)) || !c.RecordedAt.Equal(b.RecordedAt) || a.RecordedAt.After(b.RecordedAt) {
		t.Errorf("recorded at %s, %s, %s", a.RecordedAt, b.RecordedAt, c.RecordedAt)
	}
	if one := together(t, j, request(far)); !errors.As(one[0].err, &ahead) {
		t.Errorf("alone: %+v", one)
	}
}

func TestAClockThatJumpedAheadIsRefusedUntilSomebodyAcceptsIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	behind := openClock(t, db, Options{Now: func() time.Time { return time.Now().Add(-11 * time.Minute) }})
	var clock *ClockError
	for _, r := range []Request{request(time.Now()), request(time.Now(), time.Now())} {
		if _, err := behind.Append(ctx, r); !errors.As(err, &clock) {
			t.Errorf("append under a clock that jumped: %v", err)
		}
	}
	imposter := request(time.Now())
	imposter.Events[0].Type = clockAccepted // of the right type, on a stream of the wrong kind
	if _, err := behind.Append(ctx, imposter); !errors.As(err, &clock) {
		t.Errorf("imposter: %v", err)
	}
	actor := domain.Actor{Account: "admin", Role: domain.SystemAdmin}
	r, err := behind.AcceptClock(ctx, actor)
	if err != nil || r.First != 1 {
		t.Fatalf("accept = %+v, %v", r, err)
	}
	events, err := behind.Page(ctx, 0, 10)
	if err != nil || len(events) != 1 || events[0].StreamKind != "system" || events[0].Type != "system.clock-accepted" {
		t.Fatalf("%+v, %v", events, err)
	}
	if r, err := behind.Append(ctx, request(time.Now())); err != nil || r.First != 2 {
		t.Errorf("append after acceptance = %+v, %v", r, err)
	}
	if r, err := behind.AcceptClock(ctx, actor); err != nil || r.Version != 2 {
		t.Errorf("second acceptance = %+v, %v", r, err)
	}
}

func TestTheAccessJournalCountsForItself(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	events, access := openClock(t, db, Options{}), openClock(t, db, Options{Access: true})
	for range 3 {
		if _, err := events.Append(ctx, request(time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	r := request(time.Now())
	r.Expected = AnyVersion
	for want := int64(1); want < 4; want++ {
		if got, err := access.Append(ctx, r); err != nil || got.First != want || got.Version != want {
			t.Errorf("%+v, %v; want %d", got, err, want)
		}
	}
	for _, j := range []*Journal{events, access} {
		if head, err := j.Head(ctx); head != 3 || err != nil {
			t.Errorf("head of %s = %d, %v", j.name, head, err)
		}
		if d, err := j.Verify(ctx, nil); d != nil || err != nil {
			t.Errorf("verify %s = %v, %v", j.name, d, err)
		}
	}
}
