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

	"dossier/eventstore"
)

// table is a projection's rows as whoever compares or rebuilds them needs to know them.
type table struct {
	name    string
	columns []string
	latest  bool // one row for a stream, its latest state; else one for each event
	entries bool // its rows are historyRows
	timers  bool // its rows are timerRows: any number for a stream; else stateRows
}

// copying is the statement that takes rows in.
func (t table) copying() string { return copyInto(t.name, strings.Join(t.columns, ", ")) }

var (
	dossiersTable = table{name: key(Dossiers{}), latest: true, columns: []string{"id", "version", "position", "code", "status", "outcome",
		"procedure", "channel", "unit", "officer", "applicant", "origin", "submitted_at", "due", "updated_at", "recorded_at", "backdated", "state", "place_set", "sandbox"}}
	versionsTable = table{name: key(DossierVersions{}), columns: []string{"id", "version", "position", "code", "status", "outcome",
		"procedure", "channel", "unit", "officer", "applicant", "occurred_at", "recorded_at", "submitted_at", "due", "updated_at", "backdated", "state"}}
	historyTable = table{name: key(History{}), entries: true, columns: []string{"id", "version", "position", "event_id", "type", "occurred_at",
		"recorded_at", "account", "role", "unit", "origin", "status", "reason", "late_reason", "basis", "late_by", "irregular", "changes", "data"}}
	timersTable = table{name: key(Timers{}), latest: true, timers: true, columns: []string{"id", "kind", "number", "started", "due", "limited"}}
)

// tables are the live tables by projection.
var tables = map[string]table{"dossiers": dossiersTable, "dossier_versions": versionsTable, "history": historyTable, "timers": timersTable}

// add writes the row of a moment, its columns in the order of the table's.
func (t table) add(to *tuples, m *Moment) error {
	if t.timers {
		rows := timerRowsOf(m.Event.StreamID, m.After)
		for i := range rows {
			to.timer(&rows[i])
		}
		return nil
	}
	if t.entries {
		r, changes, err := entryRowOf(m)
		if err != nil {
			return err
		}
		to.entry(&r, changes, m.Event.Data, len(t.columns))
		return nil
	}
	if m.State == nil {
		if err := m.encode(); err != nil {
			return err
		}
	}
	r := stateRowOf(m)
	if t.latest {
		r.place(m.After)
	}
	to.state(&r, t)
	return nil
}

// between is a query for the rows of streams after one id up to another. It takes no parameters, for COPY.
func (t table) between(after, last uuid.UUID) string {
	return t.query(`id > '` + after.String() + `' and id <= '` + last.String() + `'`)
}

// of is a query for the rows of these streams.
func (t table) of(ids []uuid.UUID) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = id.String()
	}
	return t.query(`id = any ('{` + strings.Join(list, ",") + `}')`)
}

func (t table) query(condition string) string {
	return `select ` + strings.Join(t.columns, ", ") + ` from views.` + t.name + ` where ` + condition + ` order by id, ` + t.order()
}

// order is that of the rows of one stream.
func (t table) order() string {
	if t.timers {
		return "kind, number"
	}
	return "version"
}

// rows reads the rows of streams after one id up to another, by stream, in the order of versions.
func (t table) rows(ctx context.Context, tx pgx.Tx, after, last uuid.UUID) (map[uuid.UUID][]row, error) {
	if t.timers {
		return tableRows[timerRow](ctx, tx, t, after, last)
	}
	if t.entries {
		return tableRows[historyRow](ctx, tx, t, after, last)
	}
	return tableRows[stateRow](ctx, tx, t, after, last)
}

func tableRows[R stateRow | historyRow | timerRow](ctx context.Context, tx pgx.Tx, t table, after, last uuid.UUID) (map[uuid.UUID][]row, error) {
	query := strings.Replace(t.between(after, last), ", code,", ", coalesce(code, '') as code,", 1)
	found, err := tx.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(found, pgx.RowToStructByNameLax[R])
	if err != nil {
		return nil, err
	}
	byID := map[uuid.UUID][]row{}
	for _, r := range rows(all) {
		id := r.column("id").(uuid.UUID)
		byID[id] = append(byID[id], r)
	}
	return byID, nil
}

// rowsOf folds a stream into its rows.
func (t table) rowsOf(history []eventstore.Event) ([]row, error) {
	var states []stateRow
	var entries []historyRow
	f := nothing
	for _, ev := range history {
		m, g, err := f.next(ev)
		if err != nil {
			return nil, &foldError{ev, err}
		}
		f = g
		if !t.entries {
			states = append(states, stateRowOf(&m))
			continue
		}
		r, err := historyRowOf(&m)
		if err != nil {
			return nil, &foldError{ev, err}
		}
		entries = append(entries, r)
	}
	if t.timers && len(history) > 0 {
		return rows(timerRowsOf(history[0].StreamID, f.state)), nil
	}
	if t.latest && len(states) > 0 {
		states = states[len(states)-1:]
		states[0].place(f.state)
	}
	return append(rows(states), rows(entries)...), nil
}

// row is a stateRow or a historyRow under the names of its columns.
type row struct {
	value reflect.Value
	index map[string]int
}

var (
	stateIndex   = columnsOf[stateRow]()
	historyIndex = columnsOf[historyRow]()
	timerIndex   = columnsOf[timerRow]()
)

func columnsOf[R any]() map[string]int {
	t, index := reflect.TypeFor[R](), map[string]int{}
	for i := range t.NumField() {
		index[t.Field(i).Tag.Get("db")] = i
	}
	return index
}

func rows[R stateRow | historyRow | timerRow](list []R) []row {
	index := stateIndex
	switch reflect.TypeFor[R]() {
	case reflect.TypeFor[historyRow]():
		index = historyIndex
	case reflect.TypeFor[timerRow]():
		index = timerIndex
	}
	all := make([]row, len(list))
	for i := range list {
		all[i] = row{reflect.ValueOf(&list[i]).Elem(), index}
	}
	return all
}

func (r row) column(name string) any { return r.value.Field(r.index[name]).Interface() }

// place is where the row stands among those of its stream, 0 for a row that bears no version.
func (r row) place(name string) int64 {
	if _, has := r.index[name]; !has {
		return 0
	}
	return r.column(name).(int64)
}

// compare returns the first difference between the rows of one stream, both in the order of versions.
func (t table) compare(want, got []row) *Difference {
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(want):
			return t.difference(got[i], "extra")
		case i >= len(got), len(want) > 1 && want[i].place("version") < got[i].place("version"):
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
		Projection: t.name, Stream: r.column("id").(uuid.UUID), Version: r.place("version"),
		Position: r.place("position"), What: what,
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
