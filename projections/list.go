package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/domain/dossier"
)

// Page is one page of a list.
type Page struct {
	Rows        []Row
	Next        string // cursor of the next page, "" on the last
	Total       int    // of the whole list, exact up to 10,000
	TotalCapped bool   // there are more than Total
	Stamp       Stamp
}

// mostCounted is up to where totals are exact: counting further costs more than it tells.
const mostCounted = 10_000

// now is where a list of the present is read from.
const now = `views.dossiers_v1 d`

const rowColumns = `d.id, d.code, d.state, d.updated_at, d.recorded_at, d.position,
       exists (
         select
           from views.parked p
          where p.projection = 'dossiers_v1'
            and p.stream_id = d.id) as stale`

// List returns a page of dossiers, now or as they were. A bad cursor, sort or limit is a *domain.Invalid.
func (v *Views) List(ctx context.Context, f Filter) (Page, error) {
	f, err := f.checked()
	if err != nil {
		return Page{}, err
	}
	after, err := f.place()
	if err != nil {
		return Page{}, err
	}
	s, err := v.Stamp(ctx)
	if err != nil {
		return Page{}, err
	}
	page := Page{Stamp: s}
	l, err := v.listing(ctx, f, s)
	if err != nil {
		return Page{}, err
	}
	err = v.read(ctx, func(tx pgx.Tx) error {
		if page.Rows, err = l.rows(ctx, tx, after); err != nil {
			return err
		}
		page.Total, err = v.totals.get(l.asked(), func() (int, error) { return l.total(ctx, tx) }, func() (n int, err error) {
			beside, cancel := context.WithTimeout(context.WithoutCancel(ctx), totalMost)
			defer cancel()
			err = v.read(beside, func(tx pgx.Tx) error { n, err = l.total(beside, tx); return err })
			return n, err
		})
		return err
	})
	if err != nil {
		return Page{}, fmt.Errorf("list dossiers: %w", err)
	}
	l.merge(&page, after)
	return page, nil
}

// Each tells every dossier of a list in its order, all as of one moment and none held: a long list costs no memory. The filter's limit and
// cursor say nothing. It reads as long as it is listened to.
func (v *Views) Each(ctx context.Context, f Filter, tell func(Row) error) (Stamp, error) {
	f.Limit, f.Cursor = 0, ""
	f, err := f.checked()
	if err != nil {
		return Stamp{}, err
	}
	s, err := v.Stamp(ctx)
	if err != nil {
		return s, err
	}
	l, err := v.listing(ctx, f, s)
	if err != nil {
		return s, err
	}
	c, folded := l.conditions(), slices.Clone(l.folded)
	slices.SortFunc(folded, func(a, b Row) int {
		if f.placeOf(a).before(f.placeOf(b)) {
			return -1
		}
		return 1
	})
	err = v.read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+rowColumns+"\n  from "+l.from+c.where()+"\n order by "+f.Sort.order(), c.args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanRow(rows)
			if err != nil {
				return err
			}
			for len(folded) > 0 && f.placeOf(folded[0]).before(f.placeOf(r)) {
				if err := tell(folded[0]); err != nil {
					return err
				}
				folded = folded[1:]
			}
			if err := tell(r); err != nil {
				return err
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		for _, r := range folded {
			if err := tell(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("read a list of dossiers: %w", err)
	}
	return s, nil
}

// listing is one list: where its rows are read from, and the rows that no table holds.
type listing struct {
	filter Filter
	from   string // SQL: the table d
	args   []any  // of from
	folded []Row
	shown  *[]int64 // sets of places in sight; nil: all
}

func (v *Views) listing(ctx context.Context, f Filter, s Stamp) (*listing, error) {
	f.rules = v.rules
	shown, err := v.shownSets(ctx, f.Sight)
	if err != nil {
		return nil, err
	}
	if f.past() {
		return v.pastListing(ctx, f, s, shown)
	}
	return &listing{filter: f, from: now, shown: shown}, nil
}

// conditions begin with the arguments of from.
func (l *listing) conditions() *conditions {
	c := &conditions{args: append([]any(nil), l.args...)}
	l.add(c)
	return c
}

func (l *listing) add(c *conditions) {
	c.of(l.filter)
	if !l.filter.past() {
		c.sight(l.shown, "d")
	}
}

// parting is how a list is read part by part where an index has each part in the list's order, but not the whole: of each part the first rows,
// and of these the first.
type parting struct {
	column, kind string
	values       any
	rest         *listing // what else is asked of each part
}

// mostSets is up to how many sets of places a list is read set by set. Who sees more has something new soon enough.
const mostSets = 100

// parting of a list, nil when it is read as a whole. By sets of places, of somebody who sees little and asks for nothing else: an agency that has
// been quiet does not walk past all that is newer and none of its own. By statuses: not all that stands in any of them is sorted.
func (l *listing) parting() *parting {
	f := l.filter
	rest := *l
	rest.filter.Status, rest.filter.Unit = nil, ""
	switch {
	case f.past(), !rest.filter.open():
		return nil
	case f.open() && f.Sort == SortUpdated && l.shown != nil && len(*l.shown) <= mostSets:
		rest.shown = nil
		return &parting{"place_set", "bigint", *l.shown, &rest}
	case len(f.Status) > 1 && (f.Unit != "") == (f.Sort == SortDue):
		rest.filter.Unit = f.Unit
		return &parting{"status", "text", slices.Compact(slices.Sorted(slices.Values(asText(f.Status)))), &rest} // one that is said twice is one
	}
	return nil
}

// rows are the next rows of the list, one more than the page holds. By due date those without one are read apart, so that the
// index need not hold them.
func (l *listing) rows(ctx context.Context, tx pgx.Tx, after *place) ([]Row, error) {
	if l.filter.Sort != SortDue {
		return l.some(ctx, tx, after, "", l.filter.Limit+1)
	}
	var rows []Row
	var err error
	if after == nil || !after.Never {
		if rows, err = l.some(ctx, tx, after, `d.due < 'infinity'`, l.filter.Limit+1); err != nil {
			return nil, err
		}
		after = nil
	}
	if left := l.filter.Limit + 1 - len(rows); left > 0 {
		never, err := l.some(ctx, tx, after, `d.due = 'infinity'`, left)
		return append(rows, never...), err
	}
	return rows, nil
}

func (l *listing) some(ctx context.Context, tx pgx.Tx, after *place, and string, limit int) ([]Row, error) {
	var page string
	c := &conditions{}
	narrowed := func() {
		if and != "" {
			c.add(and)
		}
		if after != nil {
			after.condition(c)
		}
	}
	order := "\n order by " + l.filter.Sort.order()
	if by := l.parting(); by != nil {
		values := c.arg(by.values)
		c.add(`d.` + by.column + ` = part.value`)
		by.rest.add(c)
		narrowed()
		first := order + "\n limit " + c.arg(limit)
		page = "\n  from unnest(" + values + "::" + by.kind + "[]) as part(value)\n cross join lateral (select d.id, d.due, d.updated_at\n  from " + l.from + c.where() + first + ") d" + first
	} else {
		c = l.conditions()
		narrowed()
		page = "\n  from " + l.from + c.where() + order + "\n limit " + c.arg(limit)
	}
	sql := `select ` + rowColumns + page
	if !l.filter.past() { // an index says which, and only these are looked at
		sql = `select ` + rowColumns + "\n  from (select d.id" + page + ") k\n  join " + l.from + " on d.id = k.id" + order
	}
	rows, err := tx.Query(ctx, sql, c.args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanRow)
}

// asked is the question as a text.
func (l *listing) asked() string {
	c := l.conditions()
	return l.from + c.where() + fmt.Sprint(c.args...)
}

func (l *listing) total(ctx context.Context, tx pgx.Tx) (n int, err error) {
	c := l.conditions()
	sql := `select count(*) from (select from ` + l.from + c.where() + ` limit ` + c.arg(mostCounted+1) + `) x`
	err = tx.QueryRow(ctx, sql, c.args...).Scan(&n)
	return n, err
}

// merge puts the folded rows in their places, cuts the page and counts.
func (l *listing) merge(page *Page, after *place) {
	for _, r := range l.folded {
		page.Total++
		if after == nil || after.after(l.filter, r) {
			page.Rows = l.insert(page.Rows, r)
		}
	}
	if page.Total > mostCounted {
		page.Total, page.TotalCapped = mostCounted, true
	}
	if len(page.Rows) > l.filter.Limit {
		page.Rows = page.Rows[:l.filter.Limit]
		page.Next = l.filter.placeOf(page.Rows[l.filter.Limit-1]).encode()
	}
}

func (l *listing) insert(rows []Row, r Row) []Row {
	at := 0
	for at < len(rows) && l.filter.placeOf(rows[at]).before(l.filter.placeOf(r)) {
		at++
	}
	rows = append(rows, Row{})
	copy(rows[at+1:], rows[at:])
	rows[at] = r
	return rows
}

func scanRow(row pgx.CollectableRow) (r Row, err error) {
	var state []byte
	if err := row.Scan(&r.ID, &r.Code, &state, &r.UpdatedAt, &r.RecordedAt, &r.Position, &r.Stale); err != nil {
		return r, err
	}
	if err := json.Unmarshal(state, &r.State); err != nil {
		return r, fmt.Errorf("decode state of %s: %w", r.ID, err)
	}
	r.UpdatedAt, r.RecordedAt = r.UpdatedAt.UTC(), r.RecordedAt.UTC()
	return r, nil
}

// Get returns one dossier as it is now.
func (v *Views) Get(ctx context.Context, id uuid.UUID) (Row, bool, error) {
	rows, err := v.pool.Query(ctx, `select `+rowColumns+` from `+now+` where d.id = $1`, id)
	if err != nil {
		return Row{}, false, fmt.Errorf("read dossier %s: %w", id, err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, scanRow)
	if errors.Is(err, pgx.ErrNoRows) {
		return Row{}, false, nil
	}
	if err != nil {
		return Row{}, false, fmt.Errorf("read dossier %s: %w", id, err)
	}
	return r, true, nil
}

// Find returns the dossier with this id or code. Of several with the same code (two systems may have used it), the newest.
func (v *Views) Find(ctx context.Context, idOrCode string) (id uuid.UUID, found bool, err error) {
	idOrCode = strings.TrimSpace(idOrCode)
	c := &conditions{}
	if id, err := uuid.Parse(idOrCode); err == nil {
		c.add(`d.id = ?`, id)
	} else {
		c.add(`lower(d.code) = ?`, strings.ToLower(idOrCode))
	}
	err = v.pool.QueryRow(ctx, `select d.id from `+now+c.where()+` order by d.position desc limit 1`, c.args...).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.UUID{}, false, nil
	}
	if err != nil {
		return uuid.UUID{}, false, fmt.Errorf("find dossier %q: %w", idOrCode, err)
	}
	return id, true, nil
}

// FindCodes are the dossiers of codes, by these in lower case. Of several with the same code, the newest.
func (v *Views) FindCodes(ctx context.Context, codes []string) (map[string]uuid.UUID, error) {
	asked := make([]string, len(codes))
	for i, c := range codes {
		asked[i] = strings.ToLower(strings.TrimSpace(c))
	}
	rows, err := v.pool.Query(ctx, `
		select lower(d.code), d.id
		  from `+now+`
		 where lower(d.code) = any ($1)
		 order by d.position`, asked)
	if err != nil {
		return nil, fmt.Errorf("find codes: %w", err)
	}
	found := make(map[string]uuid.UUID, len(codes))
	var code string
	var id uuid.UUID
	if _, err := pgx.ForEachRow(rows, []any{&code, &id}, func() error { found[code] = id; return nil }); err != nil {
		return nil, fmt.Errorf("find codes: %w", err)
	}
	return found, nil
}

// Codes are the codes of these dossiers, as far as they have one.
func (v *Views) Codes(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	rows, err := v.pool.Query(ctx, `select d.id, d.code from `+now+` where d.id = any ($1) and d.code is not null`, ids)
	if err != nil {
		return nil, fmt.Errorf("read codes: %w", err)
	}
	codes := make(map[uuid.UUID]string, len(ids))
	var id uuid.UUID
	var code string
	if _, err := pgx.ForEachRow(rows, []any{&id, &code}, func() error { codes[id] = code; return nil }); err != nil {
		return nil, fmt.Errorf("read codes: %w", err)
	}
	return codes, nil
}

// Counts says how many dossiers of the filter stand in each status. It ignores the filter's Status, Sort, Limit and Cursor.
func (v *Views) Counts(ctx context.Context, f Filter) (map[dossier.Status]int, error) {
	f.Status, f.Sort, f.Limit, f.Cursor = nil, "", 0, ""
	s, err := v.Stamp(ctx)
	if err != nil {
		return nil, err
	}
	l, err := v.listing(ctx, f, s)
	if err != nil {
		return nil, err
	}
	counts := map[dossier.Status]int{}
	for _, r := range l.folded {
		counts[r.State.Status]++
	}
	c := l.conditions()
	err = v.read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select d.status, count(*) from `+l.from+c.where()+` group by d.status`, c.args...)
		if err != nil {
			return err
		}
		var status dossier.Status
		var n int
		_, err = pgx.ForEachRow(rows, []any{&status, &n}, func() error { counts[status] += n; return nil })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count dossiers: %w", err)
	}
	return counts, nil
}
