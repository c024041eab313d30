package handlers

import (
	"context"
	"errors"
	"sync"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/dossier"

	"github.com/google/uuid"
)

// BulkPage asks for some items of a batch.
type BulkPage struct {
	From    int           // number of the first, from 0
	Limit   int           // 1 to 1000, default 1000
	Outcome batch.Outcome // those with this outcome alone
}

// BulkItem is one dossier of a batch, and what became or would become of it.
type BulkItem struct {
	Number       int                   `json:"number" doc:"Place in the batch, from 0."`
	ID           uuid.UUID             `json:"id"`
	Version      int64                 `json:"version" doc:"The version that was seen."`
	Outcome      batch.Outcome         `json:"outcome"`
	OutcomeVI    string                `json:"outcome_vi"`
	OutcomeEN    string                `json:"outcome_en"`
	Code         string                `json:"code,omitempty" doc:"Of the refusal, the verdict, or the event that followed."`
	Basis        string                `json:"basis,omitempty" doc:"Legal basis of the rule."`
	VI           string                `json:"vi,omitempty" doc:"Why, and how to mend it."`
	EN           string                `json:"en,omitempty"`
	Undo         batch.Outcome         `json:"undo,omitempty" doc:"What became of it when the batch was taken back."`
	UndoCode     string                `json:"undo_code,omitempty"`
	Consequences []dossier.Consequence `json:"consequences,omitempty" doc:"What the act has done outside the dossier."`
	Signs        *BulkSigned           `json:"signs,omitempty" doc:"What would be signed."`
}

func (i *BulkItem) set(r batch.Result) {
	i.Outcome, i.Code, i.Basis = r.Outcome, r.Code, r.Basis
	i.OutcomeVI, i.OutcomeEN = batch.Label(r.Outcome, "vi"), batch.Label(r.Outcome, "en")
}

// foretell is set for what has not happened.
func (i *BulkItem) foretell(r batch.Result) {
	i.set(r)
	i.OutcomeVI, i.OutcomeEN = batch.Foretold(r.Outcome, "vi"), batch.Foretold(r.Outcome, "en")
}

// BulkItems are some items of a batch.
type BulkItems struct {
	Items  []BulkItem            `json:"items"`
	Counts map[batch.Outcome]int `json:"counts" doc:"Of the items looked at."`
	Next   *int                  `json:"next" doc:"Number of the item to go on from; null at the end."`
	Seen   string                `json:"seen,omitempty" doc:"At the end of the dry run of signatures: say it to let them begin."`
}

const mostShown = batch.ChunkSize

func (p BulkPage) check() (BulkPage, error) {
	if p.Limit == 0 {
		p.Limit = mostShown
	}
	if p.From < 0 || p.Limit < 1 || p.Limit > mostShown {
		return p, &domain.Invalid{Code: "out_of_range", Field: "limit",
			VI: "from từ 0 trở lên, limit từ 1 đến 1000.", EN: "from is 0 or more, limit is 1 to 1000."}
	}
	return p, nil
}

// look goes over some items, several at once, and keeps those with the outcome asked for.
func (b *Bulk) look(ctx context.Context, id uuid.UUID, s batch.State, page BulkPage, until int, at func(context.Context, batch.Item, *BulkItem) error) (list BulkItems, err error) {
	list = BulkItems{Items: []BulkItem{}, Counts: map[batch.Outcome]int{}}
	if page, err = page.check(); err != nil {
		return list, err
	}
	to := min(page.From+page.Limit, until)
	var l listed
	for from := page.From; from < to; {
		items, err := l.from(ctx, b, id, s, from)
		if err != nil {
			return list, err
		}
		n := min(b.o.Width, len(items), to-from)
		some, errs := make([]BulkItem, n), make([]error, n)
		var all sync.WaitGroup
		for i, item := range items[:n] {
			some[i] = BulkItem{Number: from + i, ID: item.ID, Version: item.Version}
			all.Go(func() { errs[i] = at(ctx, item, &some[i]) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			return list, err
		}
		for _, one := range some {
			list.Counts[one.Outcome]++
			if page.Outcome == "" || page.Outcome == one.Outcome {
				list.Items = append(list.Items, one)
			}
		}
		from += n
	}
	if to < until {
		list.Next = &to
	}
	return list, nil
}

// DryRun says what would become of some items if they were done now, by the same way, and does nothing.
func (b *Bulk) DryRun(ctx context.Context, a domain.Actor, id uuid.UUID, page BulkPage) (BulkItems, error) {
	s, err := b.read(ctx, a, id)
	if err != nil {
		return BulkItems{}, err
	}
	act, err := actOf(id, s)
	if err != nil {
		return BulkItems{}, err
	}
	list, err := b.look(ctx, id, s, page, s.Total, func(ctx context.Context, item batch.Item, shown *BulkItem) (err error) {
		if s.Command == signName {
			if shown.Signs, err = b.shownFor(ctx, item, act.command); err != nil {
				return err
			}
		}
		e := act.envelope
		e.Expected = act.expected(item)
		receipt, answer := b.x.Try(ctx, s.By, item.ID, e, act.command)
		r, err := resultOf(receipt, answer)
		shown.foretell(r)
		if answer != nil && err == nil {
			p := problem(answer)
			shown.VI, shown.EN = p.detail.VI, p.detail.EN
		}
		return err
	})
	if s.Command == signName && list.Next == nil && page.Outcome == "" {
		list.Seen = seenToken(id, s)
	}
	return list, err
}

// Items says what became of some items.
func (b *Bulk) Items(ctx context.Context, a domain.Actor, id uuid.UUID, page BulkPage) (BulkItems, error) {
	s, err := b.read(ctx, a, id)
	if err != nil {
		return BulkItems{}, err
	}
	facts, err := b.facts(ctx, id)
	if err != nil {
		return BulkItems{}, err
	}
	if page, err = page.check(); err != nil {
		return BulkItems{}, err
	}
	results, undone := resultsOf(facts, page.From, min(page.From+page.Limit, s.Total))
	return b.look(ctx, id, s, page, s.Total, func(_ context.Context, _ batch.Item, shown *BulkItem) error {
		r := results[shown.Number-page.From]
		if shown.set(r); r.Outcome == batch.Refused { // the whole text spoke of the moment; what is kept is the rule
			shown.VI, shown.EN = dossier.Label("irregular", r.Code, "vi"), dossier.Label("irregular", r.Code, "en")
		}
		if u := undone[shown.Number-page.From]; u.Outcome != batch.Pending {
			shown.Undo, shown.UndoCode = u.Outcome, u.Code
		}
		return nil
	})
}

// resultsOf reads what became of the items from one up to, not including, another.
func resultsOf(facts []batch.Fact, from, to int) (results, undone []batch.Result) {
	n := max(to-from, 0)
	results, undone = make([]batch.Result, n), make([]batch.Result, n)
	for i := range results {
		results[i].Outcome, undone[i].Outcome = batch.Pending, batch.Pending
	}
	take := func(into []batch.Result, first, last int, groups []batch.Group, usual batch.Outcome) {
		first, last = max(first, from), min(last, to)
		if first < last {
			copy(into[first-from:], batch.Ungrouped(first, last, groups, usual))
		}
	}
	for _, f := range facts {
		switch e := f.Event.(type) {
		case batch.Progressed:
			take(results, e.From, e.To, e.Otherwise, batch.Done)
		case batch.Undone:
			take(undone, e.From, e.To, e.Otherwise, batch.TakenBack)
		}
	}
	return results, undone
}
