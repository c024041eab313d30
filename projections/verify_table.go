package projections

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// table is how Verify reads and compares one projection's rows.
type table struct {
	name    string
	columns []string
}

var (
	dossiersTable = table{key(Dossiers{}), []string{"id", "version", "position", "code", "status", "outcome", "procedure", "channel", "unit",
		"officer", "applicant", "origin", "submitted_at", "due", "updated_at", "recorded_at", "backdated", "state"}}
	versionsTable = table{key(DossierVersions{}), []string{"id", "version", "position", "occurred_at", "recorded_at", "backdated", "code",
		"status", "outcome", "procedure", "channel", "unit", "officer", "applicant", "submitted_at", "due", "updated_at", "state"}}
	historyTable = table{key(History{}), []string{"id", "version", "position", "event_id", "type", "occurred_at", "recorded_at", "account",
		"role", "unit", "origin", "status", "reason", "late_reason", "basis", "late_by", "irregular", "changes", "data"}}
)

// tableRows are the rows of streams after one id up to another, by stream, in the order of versions.
func tableRows[R stateRow | historyRow](ctx context.Context, tx pgx.Tx, t table, after, last uuid.UUID) (map[uuid.UUID][]R, error) {
	columns := strings.Replace(strings.Join(t.columns, ", "), "code", "coalesce(code, '') as code", 1)
	rows, err := tx.Query(ctx, `select `+columns+` from views.`+t.name+` where id > $1 and id <= $2 order by id, version`, after, last)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[R])
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID][]R{}
	for _, r := range all {
		id := reflect.ValueOf(r).FieldByName("ID").Interface().(uuid.UUID)
		byID[id] = append(byID[id], r)
	}
	return byID, nil
}

// row is a stateRow or a historyRow under the names of its columns.
type row struct {
	value reflect.Value
	index map[string]int
}

var (
	stateIndex   = columnsOf[stateRow]()
	historyIndex = columnsOf[historyRow]()
)

func columnsOf[R any]() map[string]int {
	t, index := reflect.TypeFor[R](), map[string]int{}
	for i := range t.NumField() {
		index[t.Field(i).Tag.Get("db")] = i
	}
	return index
}

func rows[R stateRow | historyRow](list []R) []row {
	index := stateIndex
	if reflect.TypeFor[R]() == reflect.TypeFor[historyRow]() {
		index = historyIndex
	}
	all := make([]row, len(list))
	for i := range list {
		all[i] = row{reflect.ValueOf(&list[i]).Elem(), index}
	}
	return all
}

func (r row) column(name string) any { return r.value.Field(r.index[name]).Interface() }

// compare returns the first difference between the rows of one stream, both in the order of versions.
func (t table) compare(want, got []row) *Difference {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			return t.difference(got[i], "extra")
		case i >= len(got), len(want) > 1 && want[i].column("version").(int64) < got[i].column("version").(int64):
			return t.difference(want[i], "missing")
		}
		for _, column := range t.columns {
			w, g := want[i].column(column), got[i].column(column)
			if !equal(w, g) {
				d := t.difference(want[i], "different")
				d.Field, d.Want, d.Got = column, text(w), text(g)
				d.narrow()
				return d
			}
		}
	}
	return nil
}

func (t table) difference(r row, what string) *Difference {
	return &Difference{
		Projection: t.name, Stream: r.column("id").(uuid.UUID), Version: r.column("version").(int64),
		Position: r.column("position").(int64), What: what,
	}
}

func equal(a, b any) bool {
	x, is := a.(pgtype.Timestamptz)
	if !is {
		return a == b
	}
	y := b.(pgtype.Timestamptz)
	return x.InfinityModifier == y.InfinityModifier && x.Valid == y.Valid && (x.InfinityModifier != 0 || x.Time.Equal(y.Time))
}

func text(v any) string {
	if t, is := v.(pgtype.Timestamptz); is {
		if t.InfinityModifier != 0 {
			return "none"
		}
		return t.Time.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// narrow names the member of a JSON column that differs.
func (d *Difference) narrow() {
	var got, want map[string]json.RawMessage
	if d.Field != "state" || json.Unmarshal([]byte(d.Got), &got) != nil || json.Unmarshal([]byte(d.Want), &want) != nil {
		return
	}
	var names []string
	for name := range got {
		names = append(names, name)
	}
	for name := range want {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if string(got[name]) != string(want[name]) {
			d.Field, d.Got, d.Want = "state."+name, string(got[name]), string(want[name])
			return
		}
	}
}
