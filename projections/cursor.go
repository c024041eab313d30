package projections

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"dossier/domain"
	"dossier/domain/dossier"
)

// place is where a row stands in the order of a list.
type place struct {
	Sort   Sort      `json:"s"`
	At     int64     `json:"t"`           // microseconds since 1970; 0 with Never
	Never  bool      `json:"n,omitempty"` // no due date
	ID     uuid.UUID `json:"i"`
	Filter string    `json:"f"` // of which list
}

// placeOf is the place of a row.
func (f Filter) placeOf(r Row) place {
	p := place{Sort: f.Sort, At: r.State.UpdatedAt.UnixMicro(), ID: r.ID, Filter: f.fingerprint()}
	if f.Sort == SortDue {
		p.At, p.Never = r.State.Due.UnixMicro(), r.State.Due.IsZero()
	}
	if p.Never {
		p.At = 0
	}
	return p
}

// after says whether row r comes after the place.
func (p place) after(f Filter, r Row) bool { return p.before(f.placeOf(r)) }

// before is the order of the list.
func (p place) before(q place) bool {
	switch {
	case p.Never != q.Never:
		return q.Never
	case p.Sort == SortUpdated:
		p, q = q, p
	}
	return cmp.Or(cmp.Compare(p.At, q.At), bytes.Compare(p.ID[:], q.ID[:])) < 0
}

// condition adds that rows come after the place.
func (p place) condition(c *conditions) {
	at := stamp(time.UnixMicro(p.At), 0)
	if p.Never {
		at = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	}
	if p.Sort == SortDue {
		c.add(`(d.due, d.id) > (?, ?)`, at, p.ID)
	} else {
		c.add(`(d.updated_at, d.id) < (?, ?)`, at, p.ID)
	}
}

// order is the SQL of the list's order.
func (s Sort) order() string {
	if s == SortDue {
		return `d.due, d.id`
	}
	return `d.updated_at desc, d.id desc`
}

// fingerprint names the list that a cursor belongs to: under another filter it would skip or repeat rows.
func (f Filter) fingerprint() string {
	f.Cursor, f.Limit = "", 0
	b, _ := json.Marshal(f)
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

func (p place) encode() string {
	b, _ := json.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(b)
}

// place is where the filter's cursor points, nil without one.
func (f Filter) place() (*place, error) {
	if f.Cursor == "" {
		return nil, nil
	}
	var p place
	b, err := base64.RawURLEncoding.DecodeString(f.Cursor)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	if err == nil && (p.Sort != f.Sort || p.Filter != f.fingerprint()) {
		err = fmt.Errorf("cursor of another list")
	}
	if err != nil || p.At < minMicro || p.At > maxMicro {
		return nil, &domain.Invalid{Code: "invalid_cursor", Field: "cursor",
			VI: "Con trỏ trang không thuộc danh sách này: hãy mở lại từ trang đầu.", EN: "The cursor does not belong to this list: start again from its first page."}
	}
	return &p, nil
}

// What Postgres can hold as a time.
var (
	minMicro = time.Date(-4000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	maxMicro = time.Date(200000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
)

// rowOf makes a row of a folded state.
func rowOf(id uuid.UUID, s dossier.State, last dossier.Fact) Row {
	r := Row{ID: id, State: s, UpdatedAt: s.UpdatedAt, RecordedAt: last.RecordedAt, Position: last.Position}
	if code := s.KnownBy(); code != "" {
		r.Code = &code
	}
	return r
}
