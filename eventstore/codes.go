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
// while a call is on its way share the next one, so that a crowd holds one connection and not the pool. ErrBusy when the database does
// not answer.
func (j *Journal) TakeCode(ctx context.Context, s CodeSeries) (string, error) {
	answer := make(chan takenCode, 1)
	if j.codes.wait(s, answer) {
		go j.takeCodes(s)
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
	codesWait   = 10 * time.Second
)

type takenCode struct {
	code string
	err  error
}

// codeQueues are those who wait, by series. A series is there while somebody takes codes for it.
type codeQueues struct {
	mu      sync.Mutex
	waiting map[CodeSeries][]chan takenCode
}

// wait adds one who waits and says whether nobody is taking codes of the series yet.
func (q *codeQueues) wait(s CodeSeries, answer chan takenCode) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting == nil {
		q.waiting = map[CodeSeries][]chan takenCode{}
	}
	_, busy := q.waiting[s]
	q.waiting[s] = append(q.waiting[s], answer)
	return !busy
}

// next are those whose turn it is; when there are none, the series is left.
func (q *codeQueues) next(s CodeSeries) []chan takenCode {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := q.waiting[s]
	if len(all) == 0 {
		delete(q.waiting, s)
		return nil
	}
	n := min(len(all), codesAtOnce)
	q.waiting[s] = all[n:]
	return all[:n]
}

func (j *Journal) takeCodes(s CodeSeries) {
	for turn := j.codes.next(s); len(turn) > 0; turn = j.codes.next(s) {
		codes, err := j.askForCodes(s, len(turn))
		for i, answer := range turn {
			if err != nil {
				answer <- takenCode{err: err}
			} else {
				answer <- takenCode{code: codes[i]}
			}
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
