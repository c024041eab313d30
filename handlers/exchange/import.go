// Package exchange brings the history of an old system into the journal: each trace of its log becomes commands, and what the
// rules refuse is kept as an irregular step, so nothing is dropped.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"

	"github.com/google/uuid"
)

// Importer is who appends: *handlers.Executor.
type Importer interface {
	Import(ctx context.Context, a domain.Actor, id uuid.UUID, key string, body []byte, decide func(dossier.State) ([]handlers.Decided, error)) (handlers.Receipt, error)
}

// Options of an import. The zero value fits.
type Options struct {
	Actor    domain.Actor            // default: Importing
	Limits   Limits                  // default: DefaultLimits
	InFlight int                     // traces on their way to the journal at once, default 64: group commit needs company
	Progress func(read, total int64) // bytes of the file; total 0 when unknown
	Total    int64                   // bytes of the file, when r cannot say
	Now      func() time.Time        // default time.Now

	part int // acts of one journal update; tests make it small
}

const (
	defaultInFlight = 64
	partActs        = 500 // a longer trace goes in parts; part of their identity: never change it
	tokenActs       = 100 // a trace weighs one token per so many acts, so long ones do not fill the memory
)

// Importing is the actor of imports unless told otherwise.
var Importing = domain.Actor{Account: "import", Role: domain.System}

// ImportXES brings a log into the journal, one dossier per trace. It may be stopped at any moment and run again: what is there
// already is met by the identity of its command and adds nothing. On an error the traces under way are finished, the Summary says what was done.
func ImportXES(ctx context.Context, x Importer, r io.Reader, name string, m *Mapping, o Options) (Summary, error) {
	return run(ctx, x, r, name, m, o)
}

// CheckXES reads a log to its end and decides everything, but keeps nothing: a rehearsal without a journal.
func CheckXES(ctx context.Context, r io.Reader, name string, m *Mapping, o Options) (Summary, error) {
	return run(ctx, nil, r, name, m, o)
}

func run(ctx context.Context, x Importer, r io.Reader, name string, m *Mapping, o Options) (Summary, error) {
	o = o.withDefaults(r)
	file := &counted{r: r}
	xes, err := NewReader(file, name, o.Limits)
	if err != nil {
		return Summary{}, err
	}
	in := &importing{x: x, m: m, o: o, tokens: make(chan struct{}, o.InFlight), sum: newSummary(m, name)}
	p := newPlanner(m, name, o.Now)
	err = in.read(ctx, xes, p, file)
	in.wg.Wait()
	in.sum.finish(p)
	if failed := in.failure(); failed != nil {
		err = failed
	}
	return in.sum, err
}

func (o Options) withDefaults(r io.Reader) Options {
	if o.Actor.Account == "" {
		o.Actor = Importing
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	if o.InFlight <= 0 {
		o.InFlight = defaultInFlight
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.part <= 0 {
		o.part = partActs
	}
	if f, ok := r.(interface{ Stat() (fs.FileInfo, error) }); ok && o.Total == 0 {
		if info, err := f.Stat(); err == nil {
			o.Total = info.Size()
		}
	}
	return o
}

// importing is one run: one reader, many traces on their way.
type importing struct {
	x      Importer // nil: rehearse
	m      *Mapping
	o      Options
	tokens chan struct{}
	wg     sync.WaitGroup

	mu  sync.Mutex
	sum Summary
	err error
}

// read plans one trace after another and sends each on its way when there is room. It alone takes tokens, so it may take many.
func (in *importing) read(ctx context.Context, xes *Reader, p *planner, file *counted) error {
	for {
		if err := errors.Join(ctx.Err(), in.failure()); err != nil {
			return err
		}
		t, err := xes.Next()
		if in.o.Progress != nil {
			in.o.Progress(file.read, in.o.Total)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		made, err := p.plan(t)
		if err != nil {
			return err
		}
		weight := min(cap(in.tokens), 1+len(made.Acts)/tokenActs)
		for range weight {
			in.tokens <- struct{}{}
		}
		in.wg.Add(1)
		go in.send(ctx, made, weight)
	}
}

func (in *importing) send(ctx context.Context, made *plan, weight int) {
	defer in.wg.Done()
	t, err := in.trace(ctx, made)
	for range weight {
		<-in.tokens
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if err == nil {
		in.sum.add(t)
		return
	}
	in.sum.Failed++
	if in.err == nil {
		in.err = err
	}
}

func (in *importing) failure() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.err
}

// trace imports one dossier, in parts when it is long. The order inside a dossier is the order of its parts.
func (in *importing) trace(ctx context.Context, made *plan) (tally, error) {
	d := decider{m: in.m, file: in.sum.File, actor: in.o.Actor, now: in.o.Now()}
	_, t, err := d.decide(dossier.State{}, made, made.Acts)
	if err != nil || in.x == nil {
		t.rehearsed = true
		return t, err
	}
	for from := 0; from < len(made.Acts); from += in.o.part {
		acts := made.Acts[from:min(from+in.o.part, len(made.Acts))]
		body, err := partBody(made, from, acts)
		if err != nil {
			return t, err
		}
		r, err := in.append(ctx, made, from, body, func(s dossier.State) ([]handlers.Decided, error) {
			if from == 0 && s.Exists() {
				return nil, errExists
			}
			decided, _, err := d.decide(s, made, acts)
			return decided, err
		})
		if err != nil {
			return t, in.explain(made, err)
		}
		if !r.Repeated {
			t.added += r.Events
			t.fresh = t.fresh || from == 0
		}
	}
	return t, nil
}

// append tries again while the journal is busy: an import may wait, live work may not.
func (in *importing) append(ctx context.Context, made *plan, from int, body []byte, decide func(dossier.State) ([]handlers.Decided, error)) (handlers.Receipt, error) {
	key := "part-" + strconv.Itoa(from/in.o.part+1)
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		r, err := in.x.Import(ctx, in.o.Actor, made.Stream, key, body, decide)
		if err == nil || !errors.Is(err, eventstore.ErrBusy) || wait > 30*time.Second {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(wait):
		}
	}
}

var errExists = errors.New("a dossier with this identity exists already and was not made by this import")

func (in *importing) explain(made *plan, err error) error {
	at := &FormatError{Name: in.sum.File, Line: made.trace.Line, Trace: made.trace.Number, Case: made.Case, Err: err, Msg: "import"}
	switch {
	case errors.Is(err, eventstore.ErrCommandReused):
		at.Err = err
		at.Msg = "this case was imported before with another content (the log or the mapping changed since, or the case stands twice in the log); history is never rewritten"
	case errors.Is(err, errExists):
		at.Msg = "not imported"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("import stopped: %w", err)
	}
	return at
}
