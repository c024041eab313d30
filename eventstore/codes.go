package eventstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// A CodeSeries numbers what an agency receives on one day: each code is the next number, with at least Width digits, between two texts.
type CodeSeries struct {
	Agency        string
	Day           string // 2026-11-25
	Before, After string
	Width         int
}

// TakeCode takes the next code of a series, which nobody has had and nobody will have again, whatever becomes of it. Those who ask
// while a call is on its way share the next one, and when several do, it takes some ahead for those who will come in the next moments:
// a crowd holds one connection and does not wait. What is taken ahead and not used is a gap. Who asks alone leaves none. ErrBusy when
// the database does not answer.
func (j *Journal) TakeCode(ctx context.Context, s CodeSeries) (string, error) {
	answer := make(chan takenCode, 1)
	code, first := j.codes.take(s, time.Now(), answer)
	if first {
		go j.takeCodes(s)
	}
	if code != "" {
		return code, nil
	}
	select {
	case t := <-answer:
		return t.code, t.err
	case <-ctx.Done(): // what comes for it is a gap
		return "", fmt.Errorf("take a code: %w", context.Cause(ctx))
	}
}

const (
	codesAtOnce = 500
	codesAhead  = 20 * time.Millisecond  // of what is asked for now
	codesGood   = 200 * time.Millisecond // ahead of those whom another process serves, no longer
	codesWait   = 10 * time.Second
)

type takenCode struct {
	code string
	err  error
}

// codeQueues are the series that are asked for.
type codeQueues struct {
	mu     sync.Mutex
	series map[CodeSeries]*codeQueue
}

type codeQueue struct {
	waiting []chan takenCode
	spare   []string  // taken ahead
	good    time.Time // and used until then
	enough  int       // so many are spare after a call
	asking  bool      // a call is on its way
	crowd   bool      // several waited, or what was spare was used, since the last call
	came    int       // since the last call
	called  time.Time // the last call
}

// take gives one that is spare, or adds one who waits, and says whether the caller is to ask for more.
func (q *codeQueues) take(s CodeSeries, now time.Time, answer chan takenCode) (code string, first bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.of(s, now)
	c.came++
	if now.After(c.good) {
		c.spare = nil
	}
	if len(c.spare) > 0 {
		code, c.spare, c.crowd = c.spare[0], c.spare[1:], true
	} else {
		c.waiting = append(c.waiting, answer)
		c.crowd = c.crowd || len(c.waiting) > 1
	}
	first = !c.asking && len(c.spare) <= c.enough/2
	c.asking = c.asking || first
	return code, first
}

// of is the queue of a series. Of those that nobody asks for any more, nothing is kept.
func (q *codeQueues) of(s CodeSeries, now time.Time) *codeQueue {
	if c := q.series[s]; c != nil {
		return c
	}
	if q.series == nil {
		q.series = map[CodeSeries]*codeQueue{}
	}
	for other, c := range q.series {
		if !c.asking && now.After(c.good) {
			delete(q.series, other)
		}
	}
	c := &codeQueue{called: now, good: now}
	q.series[s] = c
	return c
}

// next says how many codes to take: for those who wait, and those who will come. With none to take, the series is left.
func (q *codeQueues) next(s CodeSeries, now time.Time) (waiting, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.series[s]
	c.enough = 0
	if c.crowd {
		c.enough = int(codesAhead * time.Duration(c.came) / max(now.Sub(c.called), time.Millisecond))
	}
	n = min(max(len(c.waiting)+c.enough-len(c.spare), 0), codesAtOnce)
	c.asking, c.crowd, c.came, c.called = n > 0, false, 0, now
	return len(c.waiting), n
}

// give answers those who wait, in the order they came, and keeps the rest.
func (q *codeQueues) give(s CodeSeries, now time.Time, codes []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.series[s]
	if now.After(c.good) {
		c.spare = nil
	}
	codes = append(c.spare, codes...)
	n := min(len(c.waiting), len(codes))
	for i, answer := range c.waiting[:n] {
		answer <- takenCode{code: codes[i]}
	}
	c.waiting, c.spare, c.good = c.waiting[n:], codes[n:], now.Add(codesGood)
	c.crowd = c.crowd || len(c.waiting) > 1
}

func (q *codeQueues) refuse(s CodeSeries, waiting int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.series[s]
	for _, answer := range c.waiting[:waiting] {
		answer <- takenCode{err: err}
	}
	c.waiting = c.waiting[waiting:]
}

func (j *Journal) takeCodes(s CodeSeries) {
	for waiting, n := j.codes.next(s, time.Now()); n > 0; waiting, n = j.codes.next(s, time.Now()) {
		if codes, err := j.askForCodes(s, n); err != nil {
			j.codes.refuse(s, waiting, err)
		} else {
			j.codes.give(s, time.Now(), codes)
		}
	}
}

// askForCodes is under no caller's context: one who leaves must not fail the others.
func (j *Journal) askForCodes(s CodeSeries, n int) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), codesWait)
	defer cancel()
	rows, err := j.pool.Query(ctx, `select journal.take_codes_v1($1, $2::date, $3, $4, $5, $6)`, s.Agency, s.Day, s.Before, s.Width, s.After, n)
	if err != nil {
		return nil, codesFault(err)
	}
	codes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, codesFault(err)
	}
	if len(codes) != n {
		return nil, fmt.Errorf("take codes: asked for %d, got %d", n, len(codes))
	}
	return codes, nil
}

func codesFault(err error) error {
	if fate := fateOf(err); fate == busy || fate == lost { // away, or its lock not granted: again later
		return fmt.Errorf("take codes: %w: %w", ErrBusy, err)
	}
	return fmt.Errorf("take codes: %w", err)
}
