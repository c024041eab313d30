package hostile

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/anishathalye/porcupine"
)

// retire lets everything that is still on its way for a stream be decided, judges the stream and forgets it.
func (a *attack) retire(ctx context.Context, s *stream) {
	a.retiring.Go(func() {
		defer a.forget(s)
		end, err := a.decide(ctx, s)
		if err == nil {
			err = a.follower.read.await(ctx, end)
		}
		if err != nil {
			return // the attack is over
		}
		a.judges <- struct{}{}
		defer func() { <-a.judges }()
		a.judge(s)
	})
}

// settling is how long bytes may take from a wire to a session that shows what it does.
const settling = 2 * time.Second

// decide returns a position after which nothing of the stream can come any more. A seal's answer says that its front has decided what
// it was asked before; what the front itself gave up is decided when the session that it was sent to has ended.
func (a *attack) decide(ctx context.Context, s *stream) (end int64, err error) {
	doubtful := false
	for front := range a.o.Fronts {
		for s.doubted(front) {
			if doubtful = true; ctx.Err() != nil {
				return 0, context.Cause(ctx)
			}
			a.seal(ctx, s, front)
		}
	}
	if !doubtful {
		return a.acked.Load(), nil
	}
	if err := a.drained.await(ctx, time.Now().Add(settling).UnixMicro()); err != nil {
		return 0, err
	}
	for {
		end, err := a.head(ctx)
		if err == nil || ctx.Err() != nil {
			return end, err
		}
		wait(ctx, away)
	}
}

// seal asks for one more event. The front's queue is in order.
func (a *attack) seal(ctx context.Context, s *stream, front int) {
	o := s.seal(a, front)
	a.ask(ctx, s, o, rand.New(rand.NewPCG(a.o.Seed, uint64(o.call))))
	s.end(o)
	if o.outcome == done {
		s.resolved(front)
	} else if o.busy {
		wait(ctx, away)
	}
}

// judge compares what callers were told with what the journal holds, then lets porcupine look for an order in which one stream
// can have given all these answers.
func (a *attack) judge(s *stream) {
	for _, o := range s.ops {
		a.tally(o)
		if c, wrong := o.judge(); wrong != "" {
			a.wrong(c, "%s on stream %s: %s; %s", kinds[o.kind].name, s.ID, wrong, o)
			return
		}
	}
	history := s.history()
	a.report.streams.Add(1)
	a.report.checked.Add(int64(len(history)))
	if result := porcupine.CheckOperationsTimeout(model, history, time.Minute); result != porcupine.Ok {
		a.wrong(notLinear, "stream %s is %s for porcupine: %s", s.ID, result, s)
	}
}

// tally counts what became of an unknown outcome.
func (a *attack) tally(o *op) {
	switch {
	case o.outcome != unknown || len(o.ids) == 0:
	case o.first.held != nil:
		a.report.stored.Add(1)
	default:
		a.report.notStored.Add(1)
	}
}

// judge says what is wrong with one answer, "" for nothing.
func (o *op) judge() (c class, wrong string) {
	p := o.first.held
	switch {
	case o.stored > 0 && int(o.stored) < len(o.ids):
		return lost, "only a part of it is stored"
	case o.place.from > 0 && o.place.from <= o.floor:
		return order, fmt.Sprintf("it was given position %d after %d had been acknowledged", o.place.from, o.floor)
	case o.outcome != done || kinds[o.kind].verb >= reads:
	case kinds[o.kind].verb == updates && p == nil: // a repeat, which porcupine judges
	case p == nil:
		return lost, "it was acknowledged and is not stored"
	case o.from != p.from || o.last != p.last || o.version != p.version || o.recorded != p.recorded:
		return lost, fmt.Sprintf("it was acknowledged elsewhere than it stands, at %+v", *p)
	}
	return 0, ""
}

// String tells the operation to who looks for a mistake.
func (o *op) String() string {
	return fmt.Sprintf("%d-%d front %d %s, %d events, expected %d seen %d command %d, bytes of %d, group %d: %s version %d positions %d-%d floor %d, stands at %+v",
		o.call, o.answer, o.front, kinds[o.kind].name, len(o.ids), o.expected, o.seen, o.command, o.bytes, o.first.group, outcomes[o.outcome], o.version, o.from, o.last, o.floor, o.place)
}

// String tells the stream.
func (s *stream) String() (text string) {
	for i, o := range s.ops {
		text += fmt.Sprintf("\n%d: %s", i+1, o)
	}
	return text
}
