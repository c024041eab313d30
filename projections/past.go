package projections

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

// then is where a list of the past is read from: of each dossier the last version that was known at a position and had
// happened by a time. The price is one probe per dossier. Streams with a back-dated event are left out and folded: there, what
// had happened by a time is not what stands first. They are named, not asked for again: one may become back-dated meanwhile, by
// an event that this list does not know. Who may see a dossier goes by where it has a part now, not then.
const then = `(
    select d0.id
      from views.dossiers_v1 d0
     where d0.id <> all ($3)
       and ($4::bigint[] is null or d0.place_set = any ($4))) i
 cross join lateral (
    select w.*
      from views.dossier_versions_v1 w
     where w.id = i.id
       and w.position <= $1
       and w.occurred_at <= $2
     order by w.version desc
     limit 1) d`

func (v *Views) pastListing(ctx context.Context, f Filter, s Stamp, shown *[]int64) (*listing, error) {
	known, err := v.knownAt(ctx, f, s)
	if err != nil {
		return nil, err
	}
	at := pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	if f.At != nil {
		at = stamp(*f.At, pgtype.NegativeInfinity)
	}
	l := &listing{filter: f, from: then, shown: shown}
	ids, err := v.foldRows(ctx, l, known)
	l.args = []any{known, at, ids, l.shown}
	return l, err
}

// knownAt is the position up to which the list knows the journal. It never exceeds what the views are true at, so every row of
// the list is as of the same moment.
func (v *Views) knownAt(ctx context.Context, f Filter, s Stamp) (int64, error) {
	known := s.Position
	if f.KnownPosition > 0 {
		known = min(known, f.KnownPosition)
	}
	if f.KnownAt != nil {
		position, err := v.journal.PositionAt(ctx, *f.KnownAt)
		if err != nil {
			return 0, err
		}
		known = min(known, position)
	}
	return known, nil
}

// foldPage is how many back-dated streams are read at once.
const foldPage = 500

// foldRows folds the streams with a back-dated event from the journal and returns their ids.
func (v *Views) foldRows(ctx context.Context, l *listing, known int64) ([]uuid.UUID, error) {
	all := []uuid.UUID{}
	for after := (uuid.UUID{}); ; {
		c := &conditions{}
		c.add(`d.backdated`)
		c.add(`d.id > ?`, after)
		c.sight(l.shown, "d")
		rows, err := v.pool.Query(ctx, `
			select d.id
			  from views.dossiers_v1 d`+c.where()+`
			 order by d.id
			 limit `+c.arg(foldPage), c.args...)
		if err != nil {
			return nil, fmt.Errorf("read back-dated dossiers: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return nil, fmt.Errorf("read back-dated dossiers: %w", err)
		}
		if len(ids) == 0 {
			return all, nil
		}
		histories, err := v.journal.Streams(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			r, ok, err := asOf(id, histories[id], l.filter, known)
			if err != nil {
				return nil, err
			}
			if ok {
				l.folded = append(l.folded, r)
			}
		}
		all, after = append(all, ids...), ids[len(ids)-1]
	}
}

// asOf is a dossier as it was, if it was there and the filter asks for it.
func asOf(id uuid.UUID, history []eventstore.Event, f Filter, known int64) (Row, bool, error) {
	var facts []dossier.Fact
	for _, ev := range history {
		if ev.Position > known || f.At != nil && ev.OccurredAt.After(*f.At) {
			continue
		}
		fact, err := dossier.DecodeFact(ev.Position, ev.Version, ev.Type, ev.TypeVersion, ev.Data, ev.Meta, ev.OccurredAt, ev.RecordedAt)
		if err != nil {
			return Row{}, false, fmt.Errorf("read dossier %s: %w", id, err)
		}
		facts = append(facts, fact)
	}
	if len(facts) == 0 || facts[0].Version != 1 {
		return Row{}, false, nil
	}
	state := dossier.AsOf(facts, nil, nil)
	return rowOf(id, state, facts[len(facts)-1]), f.matches(id, &state), nil
}
