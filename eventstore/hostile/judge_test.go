package hostile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"

	"dossier/eventstore"
)

// trial is an attack whose answers and whose journal are given by hand.
type trial struct {
	*attack
	x, y    *stream
	journal []row
}

func newTrial() *trial {
	a := newAttack(Options{Fronts: make([]Front, 1), Streams: 2}, func() {})
	return &trial{attack: a, x: a.slots[0].Load(), y: a.slots[1].Load()}
}

func (t *trial) asks(s *stream, expected int64, n int) *op {
	return s.add(t.attack, &op{expected: expected, ids: fresh(n)}, next, 0)
}

func (t *trial) answers(s *stream, o *op, r eventstore.Result) {
	o.outcome, o.version, o.from, o.last, o.recorded = done, r.Version, r.First, r.Last, moment.UnixMicro()
	o.answer = t.now()
	t.acknowledged(s, o)
	s.end(o)
}

func (t *trial) conflicts(s *stream, o *op, version int64) {
	o.outcome, o.version, o.answer = conflict, version, t.now()
	s.end(o)
}

var moment = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// stores puts one event of a request into the journal.
func (t *trial) stores(s *stream, o *op, nth int, version int64) {
	t.journal = append(t.journal, row{
		position: int64(len(t.journal) + 1), version: version, stream: s.ID, id: o.ids[nth], typeVersion: int(o.bytes), recorded: moment})
}

// appends asks, stores and answers one event.
func (t *trial) appends(s *stream, version int64) *op {
	o := t.asks(s, version-1, 1)
	t.stores(s, o, 0, version)
	t.answers(s, o, eventstore.Result{Version: version, First: int64(len(t.journal)), Last: int64(len(t.journal))})
	return o
}

func (t *trial) verdict() string {
	for _, e := range t.journal {
		t.met(e)
	}
	t.judge(t.x)
	t.judge(t.y)
	return t.report.first
}

func TestTheOrderOfAHistoryIsJudged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wrong string // part of the verdict
		act   func(t *trial)
	}{
		"one after the other": {"", func(t *trial) { t.appends(t.x, 1); t.appends(t.y, 1); t.appends(t.x, 2) }},
		"both at once": {"", func(t *trial) {
			x, y := t.asks(t.x, 0, 1), t.asks(t.y, 0, 1)
			t.stores(t.y, y, 0, 1)
			t.stores(t.x, x, 0, 1)
			t.answers(t.x, x, eventstore.Result{Version: 1, First: 2, Last: 2})
			t.answers(t.y, y, eventstore.Result{Version: 1, First: 1, Last: 1})
		}},
		"a conflict with who came first": {"", func(t *trial) {
			late := t.asks(t.x, 0, 1)
			t.appends(t.x, 1)
			t.conflicts(t.x, late, 1)
		}},
		"an unknown one that happened": {"", func(t *trial) {
			o := t.asks(t.x, 0, 2)
			o.outcome = unknown
			t.stores(t.x, o, 0, 1)
			t.stores(t.x, o, 1, 2)
			t.appends(t.x, 3)
		}},
		"an unknown one that did not": {"", func(t *trial) { t.asks(t.x, 0, 1).outcome = unknown; t.appends(t.x, 1) }},
		"the same request again": {"", func(t *trial) {
			o := t.appends(t.x, 1)
			o.first.group = 1
			twin := t.x.add(t.attack, &op{expected: eventstore.AnyVersion, ids: o.ids, bytes: o.bytes, first: o.first}, againAny, 0)
			t.answers(t.x, twin, eventstore.Result{Version: 1, First: 1, Last: 1})
		}},
		"the later one stands first": {"after 2 had been acknowledged", func(t *trial) {
			x := t.asks(t.x, 0, 1)
			t.answers(t.x, x, eventstore.Result{Version: 1, First: 2, Last: 2})
			y := t.asks(t.y, 0, 1)
			t.answers(t.y, y, eventstore.Result{Version: 1, First: 1, Last: 1})
			t.stores(t.y, y, 0, 1)
			t.stores(t.x, x, 0, 1)
		}},
		"answered with another position": {"acknowledged elsewhere", func(t *trial) {
			t.appends(t.y, 1)
			x := t.asks(t.x, 0, 1)
			t.stores(t.x, x, 0, 1)
			t.answers(t.x, x, eventstore.Result{Version: 1, First: 3, Last: 3})
		}},
		"answered and not there": {"acknowledged and is not stored", func(t *trial) {
			t.answers(t.x, t.asks(t.x, 0, 1), eventstore.Result{Version: 1, First: 1, Last: 1})
		}},
		"half of a request is there": {"only a part", func(t *trial) {
			o := t.asks(t.x, 0, 2)
			o.outcome = unknown
			t.stores(t.x, o, 0, 1)
		}},
		"stored twice": {"stored twice", func(t *trial) { o := t.appends(t.x, 1); t.stores(t.x, o, 0, 2) }},
		"its ids stored again with another body": {"its id is stored already", func(t *trial) {
			o := t.appends(t.x, 1)
			other := t.x.add(t.attack, &op{expected: 1, ids: o.ids, first: o.first}, otherBody, 0)
			t.stores(t.x, other, 0, 2)
		}},
		"the id of another stream is stored": {"must not be stored", func(t *trial) {
			o := t.appends(t.x, 1)
			thief := t.y.add(t.attack, &op{ids: o.ids, never: true}, foreign, 0)
			t.stores(t.y, thief, 0, 1)
		}},
		"an event that nobody asked for": {"nobody asked", func(t *trial) {
			t.appends(t.x, 1)
			t.stores(t.x, &op{ids: fresh(1), bytes: 1}, 0, 2)
			t.x.ops[0].stored, t.x.ops[0].ids = 0, fresh(1)
		}},
		"the event of a stream that was forgotten": {"had been decided", func(t *trial) { t.appends(t.x, 1); t.forget(t.x) }},
		"a position is missing":                    {"was read after", func(t *trial) { t.appends(t.x, 1); t.appends(t.x, 2); t.journal = t.journal[1:] }},
		"a version is missing": {"leaves a hole", func(t *trial) {
			o := t.asks(t.x, eventstore.AnyVersion, 1)
			t.stores(t.x, o, 0, 2)
			t.answers(t.x, o, eventstore.Result{Version: 2, First: 1, Last: 1})
		}},
		"recorded_at goes back": {"recorded_at goes back", func(t *trial) {
			t.appends(t.x, 1)
			t.appends(t.y, 1)
			t.journal[0].recorded = moment.Add(time.Microsecond)
		}},
		"the head went back": {"the head was", func(t *trial) {
			t.appends(t.x, 1)
			t.answers(t.x, t.x.add(t.attack, &op{}, head, 0), eventstore.Result{})
		}},
		"a conflict before anybody came first": {"Illegal", func(t *trial) {
			t.conflicts(t.x, t.asks(t.x, 0, 1), 1)
			t.appends(t.x, 1)
		}},
		"taken at a version that had passed": {"Illegal", func(t *trial) {
			t.appends(t.x, 1)
			t.appends(t.x, 2)
			o := t.asks(t.x, 1, 1)
			t.stores(t.x, o, 0, 3)
			t.answers(t.x, o, eventstore.Result{Version: 3, First: 3, Last: 3})
		}},
		"refused and stored": {"Illegal", func(t *trial) {
			o := t.asks(t.x, 0, 1)
			t.stores(t.x, o, 0, 1)
			t.conflicts(t.x, o, 0)
		}},
		"a read that does not show what was acknowledged": {"Illegal", func(t *trial) {
			t.appends(t.x, 1)
			t.answers(t.x, t.x.add(t.attack, &op{}, read, 0), eventstore.Result{Version: 0})
		}},
		"a command done twice": {"Illegal", func(t *trial) {
			for version := range int64(2) {
				o := t.x.add(t.attack, &op{ids: fresh(1), read: t.x.chain}, command, 0)
				t.stores(t.x, o, 0, version+1)
				o.read = chain(0)
				if version == 1 {
					o.read = o.read.then(t.x.ops[0].ids[0], 1)
				}
				t.answers(t.x, o, eventstore.Result{Version: version + 1, First: version + 1, Last: version + 1})
			}
		}},
	} {
		trial := newTrial()
		c.act(trial)
		if got := trial.verdict(); (got == "") != (c.wrong == "") || !strings.Contains(got, c.wrong) {
			t.Errorf("%s: %.300q", name, got)
		}
	}
}

func TestAnErrorSaysWhatIsKnownOfARequest(t *testing.T) {
	t.Parallel()
	came := &eventstore.ConflictError{Actual: 7}
	for name, c := range map[string]struct {
		kind  kindID
		err   error
		want  outcome
		wrong bool
	}{
		"another append came first":            {next, came, conflict, false},
		"a command came second and gave up":    {command, fmt.Errorf("update: %w", came), unknown, true},
		"a command's caller left meanwhile":    {command, errors.Join(context.DeadlineExceeded, came), unknown, false},
		"the caller left":                      {next, context.Canceled, unknown, false},
		"the journal does not know":            {next, fmt.Errorf("append, which may have happened: %w", eventstore.ErrBusy), unknown, false},
		"a session was cut in a read":          {commandAgain, errors.New("read stream x: EOF"), unknown, false},
		"the same in an append":                {next, errors.New("read stream x: EOF"), unknown, true},
		"the request can never be stored":      {malformed, &eventstore.MalformedError{}, refused, false},
		"the command's id has another body":    {commandReused, eventstore.ErrCommandReused, refused, false},
		"something that nobody can make of it": {next, errors.New("42"), unknown, true},
	} {
		trial := newTrial()
		o := &op{kind: c.kind}
		trial.classify(o, eventstore.Result{}, c.err)
		if wrong := trial.report.first != ""; o.outcome != c.want || wrong != c.wrong {
			t.Errorf("%s: %s, wrong %t", name, outcomes[o.outcome], wrong)
		}
	}
}

// A journal that does what it should, and sometimes not, answers clients whose requests overlap. Moving beginnings must not change
// what porcupine says.
func TestMovingBeginningsChangesNoVerdict(t *testing.T) {
	t.Parallel()
	verdicts := map[porcupine.CheckResult]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		s, right := simulated(r), r.IntN(2) == 0
		if !right {
			s.lie(r)
		}
		var plain []porcupine.Operation
		for _, o := range s.ops {
			if o.outcome != unknown || o.stands() {
				c := *o
				plain = append(plain, porcupine.Operation{Input: &c, Call: o.call * calls, Return: o.returns()})
			}
		}
		plain = append(plain, porcupine.Operation{Input: &op{kind: read, version: s.version, read: s.chain}, Call: end + 1, Return: end + 2})
		want := porcupine.CheckOperationsTimeout(model, plain, 0)
		if got := porcupine.CheckOperationsTimeout(model, s.history(), 0); got != want {
			t.Fatalf("%s, with beginnings moved %s: %s", want, got, s)
		}
		if right && want != porcupine.Ok {
			t.Fatalf("%s: %s", want, s)
		}
		verdicts[want]++
	})
	if verdicts[porcupine.Ok] < 10 || verdicts[porcupine.Illegal] < 10 {
		t.Errorf("verdicts %v: this proved little", verdicts)
	}
}

// Eighty requests at once on one stream are more orders than could ever be tried.
func TestPorcupineFindsTheOrderOfManyAtOnceWithoutASearch(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		s, tried := overlapping(rand.New(rand.NewPCG(seed, 1)), 200, 400), 0
		counting := model
		counting.Step = func(state, input, output any) (bool, any) {
			tried++
			return model.Step(state, input, output)
		}
		if result := porcupine.CheckOperationsTimeout(counting, s.history(), time.Minute); result != porcupine.Ok || tried > 200*200 {
			t.Fatalf("%s after %d steps: %s", result, tried, s)
		}
	}
}

func simulated(r *rand.Rand) *stream { return overlapping(r, 2+r.IntN(9), 60) }

// overlapping is a stream that decides one request every ten nanoseconds, each less than width after its call and before its answer.
func overlapping(r *rand.Rand, requests int, width int64) *stream {
	s := newStream(requests, 1)
	for i := range requests {
		o, at := s.some(r), 1000+10*int64(i)
		o.call, o.answer = at-r.Int64N(width), at+1+r.Int64N(width)
		s.ops = append(s.ops, o)
		if o.bytes == 0 {
			o.bytes = int16(len(s.ops))
		}
		if s.decide(o); len(o.ids) > 0 && r.IntN(6) == 0 {
			o.outcome = unknown
		}
	}
	return s
}

// lie says of some request that it was called and answered earlier or later than it was.
func (s *stream) lie(r *rand.Rand) {
	o, shift := s.ops[r.IntN(len(s.ops))], (40+r.Int64N(100))*(1-2*r.Int64N(2))
	o.call, o.answer = o.call+shift, o.answer+shift
}

// some is a read, a new request, or one that came before.
func (s *stream) some(r *rand.Rand) *op {
	if r.IntN(4) == 0 {
		o := &op{kind: read}
		o.first = o
		return o
	}
	o := &op{expected: max(0, s.version-r.Int64N(3)/2), ids: fresh(1)}
	o.first = o
	if r.IntN(3) > 0 {
		return o
	}
	if twin := s.repeated(r); twin != nil {
		o.ids, o.first, o.expected = twin.ids, twin.first, twin.expected
		if r.IntN(2) == 0 {
			o.bytes = twin.bytes
		}
	}
	return o
}

func (s *stream) decide(o *op) {
	switch {
	case o.kind == read:
		o.version, o.read = s.version, s.chain
	case o.stands() && o.expected == s.version:
		o.version = o.first.held.version
	case o.expected != s.version:
		o.outcome, o.version = conflict, s.version
	default:
		s.version++
		s.chain = s.chain.then(o.ids[0], int(o.bytes))
		p := &s.ops[o.bytes-1].place
		*p = place{from: s.version, last: s.version, version: s.version, bytes: o.bytes}
		o.version, o.first.held = s.version, p
	}
}
