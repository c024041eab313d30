package projections

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ResultFilter says which papers of the register. Empty fields ask for nothing.
type ResultFilter struct {
	Procedure string
	Unit      string // who has the dossier
	Applicant string
	Verdict   dossier.PaperVerdict // at Now
	RenewBy   time.Time            // whose holder is to be reminded until then
	Now       time.Time
	Limit     int    // 1 to 500, default 50
	Sight     Sight  // of whoever asks
	Cursor    string // from the page before
}

// Result is one paper of the register, with the dossier that it came from.
type Result struct {
	ID      uuid.UUID
	Code    *string
	Paper   dossier.Paper
	State   dossier.State
	Verdict dossier.PaperVerdict
}

// ResultPage is one page of the register.
type ResultPage struct {
	Rows  []Result
	Next  string
	Stamp Stamp
}

// Results lists papers over all dossiers, the first issued first. A bad cursor or limit is a *domain.Invalid.
func (v *Views) Results(ctx context.Context, f ResultFilter) (page ResultPage, err error) {
	f.Limit = or(f.Limit, defaultLimit)
	if err := limited(f.Limit); err != nil {
		return page, err
	}
	c := &conditions{}
	for _, w := range []struct{ column, value string }{{"r.procedure", f.Procedure}, {"r.unit", f.Unit}, {"d.applicant", f.Applicant}} {
		if w.value != "" {
			c.add(w.column+` = ?`, w.value)
		}
	}
	shown, err := v.shownSets(ctx, f.Sight)
	if err != nil {
		return page, err
	}
	c.sight(shown, "d")
	switch f.Verdict {
	case dossier.PaperReplaced, dossier.PaperRevoked:
		c.add(`r.status = ?`, string(f.Verdict))
	case dossier.PaperValid:
		c.add(`r.status in ('valid', 'corrected') and (r.valid_until is null or r.valid_until >= ?)`, f.Now)
	case dossier.PaperExpired:
		c.add(`r.status in ('valid', 'corrected') and r.valid_until < ?`, f.Now)
	}
	if !f.RenewBy.IsZero() {
		c.add(`r.status in ('valid', 'corrected') and r.renew_from <= ?`, f.RenewBy)
	}
	if f.Cursor != "" {
		at, id, paper, err := resultPlace(f.Cursor)
		if err != nil {
			return page, err
		}
		c.add(`(r.issued_at, r.id, r.paper) > (?, `+c.arg(id)+`, `+c.arg(paper)+`)`, at)
	}
	if page.Stamp, err = v.Stamp(ctx); err != nil {
		return page, err
	}
	err = v.read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			select r.id, r.code, r.paper, d.state
			  from views.papers r
			  join views.dossiers_v1 d on d.id = r.id`+c.where()+`
			 order by r.issued_at, r.id, r.paper
			 limit `+c.arg(f.Limit+1), c.args...)
		if err != nil {
			return err
		}
		page.Rows, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Result, err error) {
			var number int
			if err = row.Scan(&r.ID, &r.Code, &number, &r.State); err != nil {
				return r, err
			}
			for _, p := range r.State.Papers {
				if p.Number == number {
					r.Paper, r.Verdict = p, p.Verdict(f.Now)
				}
			}
			return r, nil
		})
		return err
	})
	if err != nil {
		return page, fmt.Errorf("list results: %w", err)
	}
	if len(page.Rows) > f.Limit {
		page.Rows = page.Rows[:f.Limit]
		last := page.Rows[f.Limit-1]
		page.Next = fmt.Sprintf("%d_%s_%d", last.Paper.IssuedAt.UnixMicro(), last.ID, last.Paper.Number)
	}
	return page, nil
}

func resultPlace(cursor string) (at time.Time, id uuid.UUID, paper int, err error) {
	bad := &domain.Invalid{Code: "malformed_cursor", Field: "cursor", VI: "Con trỏ trang không đúng: dùng nguyên giá trị next của trang trước.", EN: "The cursor cannot be read: send the next of the page before as it is."}
	parts := strings.Split(cursor, "_")
	if len(parts) != 3 {
		return at, id, 0, bad
	}
	micro, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return at, id, 0, bad
	}
	if id, err = uuid.Parse(parts[1]); err != nil {
		return at, id, 0, bad
	}
	if paper, err = strconv.Atoi(parts[2]); err != nil {
		return at, id, 0, bad
	}
	return time.UnixMicro(micro).UTC(), id, paper, nil
}
