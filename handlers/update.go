package handlers

import (
	"cmp"
	"context"
	"errors"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// Decided is a fact on its way into the journal.
type Decided struct {
	Event      dossier.Event
	OccurredAt time.Time
	LateReason string
}

// Import appends what an importer decides for one stream, all of it or nothing, once per key: the same key with the same body
// answers as before, with another body it is refused. The decision may be asked for again when the stream moved.
func (x *Executor) Import(ctx context.Context, a domain.Actor, id uuid.UUID, key string, body []byte, decide func(dossier.State) ([]Decided, error)) (Receipt, error) {
	return x.counted("import", func() (Receipt, error) {
		if err := Authorize(a, Act{Kind: Import}); err != nil {
			return Receipt{}, err
		}
		return x.update(ctx, a, id, "import", Envelope{Key: key, Body: body}, domain.Imported, false, decide)
	})
}

// update reads the stream unless the command opens it, decides, appends, and begins again when another append came first.
func (x *Executor) update(ctx context.Context, a domain.Actor, id uuid.UUID, name string, e Envelope, origin domain.Origin, opens bool, decide func(dossier.State) ([]Decided, error)) (Receipt, error) {
	if err := checkKey(e.Key); err != nil {
		return Receipt{}, err
	}
	// The key's scope is who sends it and the path: the same key under another command of the dossier is another command.
	command := eventstore.Command{
		ID:   eventstore.CommandID(a.Account, id, name+" "+e.Key),
		Hash: eventstore.CommandHash(x.o.CommandKey, e.Body), Opens: opens,
	}
	meta := domain.Meta{
		Actor: a.Account, ActorRole: a.Role, ActorUnit: a.Unit, Batch: e.Batch, Origin: origin,
		CommandID: command.ID.String(), CommandHash: command.Hash, Traceparent: e.Traceparent,
	}
	var before []dossier.Fact
	var decided []Decided
	result, err := x.journal.Update(ctx, eventstore.Stream{Kind: Kind, ID: id}, command, e.Expected,
		func(history []eventstore.Event) (news []eventstore.NewEvent, err error) {
			if before, err = Decode(history); err != nil {
				return nil, err
			}
			s := dossier.Fold(before)
			if decided, err = decide(s); err != nil || e.dry {
				return nil, err
			}
			meta.Sandbox = cmp.Or(s.Sandbox, sandboxOf(decided))
			return encode(decided, meta)
		})
	switch {
	case err != nil:
		return Receipt{}, x.explain(ctx, id, err)
	case result.Repeated:
		return x.again(ctx, id, result)
	case result.Events == 0:
		r := receipt(id, before, result)
		r.Events, r.Verdict = len(decided), verdictOf(decided) // of a dry run
		return r, nil
	}
	r := receipt(id, append(before, appended(decided, meta, result)...), result)
	r.Verdict = verdictOf(decided)
	return r, nil
}

// sandboxOf is the round of a sandbox in which a dossier was just filed.
func sandboxOf(decided []Decided) string {
	if len(decided) > 0 {
		if first, files := decided[0].Event.(dossier.DossierSubmitted); files {
			return string(first.Sandbox)
		}
	}
	return ""
}

func verdictOf(decided []Decided) string {
	events := make([]dossier.Event, len(decided))
	for i, d := range decided {
		events[i] = d.Event
	}
	return dossier.VerdictOf(events...)
}

func encode(decided []Decided, meta domain.Meta) ([]eventstore.NewEvent, error) {
	news := make([]eventstore.NewEvent, len(decided))
	for i, d := range decided {
		kind, version, data, err := dossier.Encode(d.Event)
		if err != nil {
			return nil, err
		}
		meta.LateReason = d.LateReason
		stored, err := meta.Encode()
		if err != nil {
			return nil, err
		}
		news[i] = eventstore.NewEvent{Type: kind, TypeVersion: version, Data: data, Meta: stored, OccurredAt: d.OccurredAt}
	}
	return news, nil
}

// appended says what was decided as the facts they have become, so that no second read is needed.
func appended(decided []Decided, meta domain.Meta, r eventstore.Result) []dossier.Fact {
	facts := make([]dossier.Fact, len(decided))
	for i, d := range decided {
		meta.LateReason = d.LateReason
		behind := int64(len(decided) - 1 - i)
		facts[i] = dossier.Fact{
			Version: r.Version - behind, Position: r.Last - behind, Type: dossier.TypeOf(d.Event), Event: d.Event,
			OccurredAt: d.OccurredAt, RecordedAt: r.RecordedAt, Meta: meta,
		}
	}
	return facts
}

// again answers a repeat as the first time, whatever happened since.
func (x *Executor) again(ctx context.Context, id uuid.UUID, r eventstore.Result) (Receipt, error) {
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return Receipt{}, err
	}
	then := upTo(facts, r.Last)
	again := receipt(id, then, r)
	for _, f := range then[max(len(then)-r.Events, 0):] {
		if again.Verdict == "" {
			again.Verdict = dossier.VerdictOf(f.Event)
		}
	}
	return again, nil
}

// receipt says where the command left the dossier.
func receipt(id uuid.UUID, facts []dossier.Fact, r eventstore.Result) Receipt {
	s := dossier.Fold(facts)
	made := Receipt{ID: id, Code: Code(s), Status: s.Status, Version: s.Version, Events: r.Events, Repeated: r.Repeated}
	if len(facts) > 0 {
		made.Position = facts[len(facts)-1].Position
	}
	return made
}

func upTo(facts []dossier.Fact, position int64) []dossier.Fact {
	n := len(facts)
	for n > 1 && facts[n-1].Position > position {
		n--
	}
	return facts[:n]
}

// Code is the number a dossier is known by outside, nil while it has none.
func Code(s dossier.State) *string {
	c := s.KnownBy()
	if c == "" {
		return nil
	}
	return &c
}

// explain turns what the journal says into what the caller can use.
func (x *Executor) explain(ctx context.Context, id uuid.UUID, err error) error {
	var stale *eventstore.StaleError
	if !errors.As(err, &stale) {
		return err
	}
	if stale.Actual == 0 {
		return ErrNotFound
	}
	since, err := x.journal.Stream(ctx, id, stale.Expected)
	if err != nil {
		return err
	}
	facts, err := Decode(since)
	if err != nil {
		return err
	}
	changed := &Stale{Expected: stale.Expected, Actual: stale.Actual}
	for _, f := range facts {
		changed.Since = append(changed.Since, Happened{
			Version: f.Version, Position: f.Position, Type: f.Type, By: f.Meta.By(), OccurredAt: f.OccurredAt, RecordedAt: f.RecordedAt,
		})
	}
	return changed
}

// checkKey keeps idempotency keys printable and short: they come from callers and go into nothing but a hash.
func checkKey(key string) error {
	ok := len(key) > 0 && len(key) <= 255
	for _, r := range key {
		ok = ok && r > ' ' && r < 0x7f
	}
	if ok {
		return nil
	}
	return &domain.Invalid{
		Code: "malformed_key", Field: "Idempotency-Key",
		VI: "Idempotency-Key phải có từ 1 đến 255 ký tự ASCII in được, không có dấu cách",
		EN: "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces",
	}
}
