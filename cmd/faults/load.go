package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
)

// writer sends random commands to random nodes, some of them twice, and appends what the journal must refuse.
type writer struct {
	w      *world
	random *rand.Rand
	pace   time.Duration // between two commands
}

func (x *writer) run(ctx context.Context) {
	tick := time.NewTicker(x.pace)
	defer tick.Stop()
	for ctx.Err() == nil {
		asked, cancel := context.WithTimeout(context.WithoutCancel(ctx), 12*time.Second)
		switch dice := x.random.IntN(20); {
		case dice < 3:
			x.submit(ctx, asked)
		case dice == 3:
			x.stale(asked)
		case dice == 4:
			x.again(asked)
		default:
			x.act(ctx, asked)
		}
		cancel()
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

func (x *writer) node() *node { return x.w.nodes[x.random.IntN(len(x.w.nodes))] }

func by(account string) domain.Actor {
	a, _ := handlers.NewDevLogin().Account(account)
	return a.Actor()
}

func (x *writer) submit(ctx, asked context.Context) {
	who := by("applicant-1")
	c := dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Online, Applicant: dossier.Ref(who.Account)}
	key := handlers.NewKey()
	id := eventstore.StreamIDFor(handlers.Kind, who.Account, key)
	x.send(ctx, asked, command{who: who.Account, id: id, name: dossier.Kebab(c.Name()), key: key}, func(ctx context.Context, n *node, e handlers.Envelope) (handlers.Receipt, error) {
		return n.executor.Submit(ctx, who, e, c)
	})
}

// wish is an act that a state admits.
type wish struct {
	who string
	do  func(*rand.Rand) dossier.Command
}

func plain(who string, c dossier.Command) wish {
	return wish{who, func(*rand.Rand) dossier.Command { return c }}
}

var step = wish{"officer-1", func(r *rand.Rand) dossier.Command {
	return dossier.RecordStep{Code: dossier.Code(fmt.Sprintf("step-%d", r.IntN(1000)))}
}}

// wishes leads a dossier some way and then goes round: supplements, steps, another officer.
var wishes = map[dossier.Status][]wish{
	dossier.Submitted: {plain("reception", dossier.AcceptDossier{}), plain("reception", dossier.AcceptDossier{}),
		plain("reception", dossier.RequestSupplement{Items: []dossier.Code{"form"}, Reason: "missing"})},
	dossier.SupplementAtReception: {plain("reception", dossier.SubmitSupplement{})},
	dossier.Accepted:              {plain("reception", dossier.ForwardDossier{Unit: "unit-1"})},
	dossier.Forwarded:             {plain("head", dossier.AssignOfficer{Officer: "officer-1"})},
	dossier.Assigned:              {plain("officer-1", dossier.StartAppraisal{})},
	dossier.Appraising: {step, step, plain("officer-1", dossier.RequestSupplement{Items: []dossier.Code{"form"}, Reason: "missing"}),
		wish{"head", func(r *rand.Rand) dossier.Command {
			return dossier.AssignOfficer{Officer: dossier.Code(fmt.Sprintf("officer-%d", 1+r.IntN(2)))}
		}}},
	dossier.SupplementRequestedStatus: {plain("reception", dossier.SubmitSupplement{}), plain("reception", dossier.AcceptSupplement{})},
}

func (x *writer) act(ctx, asked context.Context) {
	d, ok := x.w.ledger.any(x.random)
	if !ok {
		x.submit(ctx, asked)
		return
	}
	possible := wishes[d.status]
	if len(possible) == 0 {
		return
	}
	wanted := possible[x.random.IntN(len(possible))]
	who, c := by(wanted.who), wanted.do(x.random)
	named := command{who: who.Account, id: d.id, name: dossier.Kebab(c.Name()), key: handlers.NewKey()}
	x.send(ctx, asked, named, func(ctx context.Context, n *node, e handlers.Envelope) (handlers.Receipt, error) {
		return n.executor.Do(ctx, who, d.id, e, c)
	})
}

type sending func(context.Context, *node, handlers.Envelope) (handlers.Receipt, error)

// send asks until there is an answer or asked ends. Now and then it sends what was done once more, to another node.
func (x *writer) send(ctx, asked context.Context, c command, do sending) {
	e := handlers.Envelope{Key: c.key, Body: []byte(c.name)}
	for attempt := 0; ; attempt++ {
		r, err := do(asked, x.node(), e)
		if err == nil {
			x.w.ledger.done(c, r)
			if attempt < 2 && x.random.IntN(8) == 0 {
				continue
			}
			return
		}
		x.w.ledger.refused(err)
		if !unanswered(err) || asked.Err() != nil || ctx.Err() != nil {
			return
		}
		wait(asked, 20*time.Millisecond)
	}
}

// unanswered says that nobody knows what became of the command, or that it may be sent again.
func unanswered(err error) bool {
	var refusal *domain.Refusal
	var invalid *domain.Invalid
	var stale *handlers.Stale
	return !errors.As(err, &refusal) && !errors.As(err, &invalid) && !errors.As(err, &stale) && !errors.Is(err, handlers.ErrNotFound)
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func hostileEvent(id uuid.UUID) eventstore.NewEvent {
	data, _ := json.Marshal(map[string]string{"code": "hostile"})
	return eventstore.NewEvent{
		ID: id, Type: "dossier.step-recorded", TypeVersion: 1, OccurredAt: time.Now().Add(-time.Minute),
		Data: data, Meta: []byte(`{"actor":"officer-1","actorrole":"case_officer"}`),
	}
}

// stale appends for a version that has passed. No fault may make that succeed.
func (x *writer) stale(ctx context.Context) {
	d, ok := x.w.ledger.any(x.random)
	if !ok || d.version < 2 {
		return
	}
	_, err := x.node().journal.Append(ctx, eventstore.Request{
		Stream: eventstore.Stream{Kind: handlers.Kind, ID: d.id}, Expected: d.version - 1, Events: []eventstore.NewEvent{hostileEvent(uuid.Nil)},
	})
	x.w.ledger.hostile.Add(1)
	if err == nil {
		x.w.ledger.wrong("stream %s took an append for version %d, which had passed", d.id, d.version-1)
	}
}

// again appends the same event twice, by way of two nodes, at the version that the stream is at.
func (x *writer) again(ctx context.Context) {
	d, ok := x.w.ledger.any(x.random)
	if !ok {
		return
	}
	id, err := uuid.NewV7()
	if err != nil {
		return
	}
	request := eventstore.Request{
		Stream: eventstore.Stream{Kind: handlers.Kind, ID: d.id}, Expected: d.version, Events: []eventstore.NewEvent{hostileEvent(id)},
	}
	first, err1 := x.node().journal.Append(ctx, request)
	request.Expected++
	second, err2 := x.node().journal.Append(ctx, request)
	x.w.ledger.hostile.Add(2)
	if err1 == nil && err2 == nil && first.First != second.First {
		x.w.ledger.wrong("event %s stands at %d and at %d", id, first.First, second.First)
	}
}
