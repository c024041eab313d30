package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Archive moves cold partitions of the business journal between the database and files. It needs the owner's role. One step at
// a time: Detach writes and compares the file before it takes the partition out, and Drop deletes what was taken out. Killed
// anywhere, the partition is attached or its file is readable, and the same step can be run again.
type Archive struct {
	Progress func(done, total int64) // of positions written and compared; may be nil

	pool        *pgxpool.Pool
	dir         string
	step        func(name string) error // tests end a run between steps
	done, total int64
}

// NewArchive works as the owner on files in a folder.
func NewArchive(owner *pgxpool.Pool, dir string) *Archive {
	return &Archive{pool: owner, dir: dir, step: func(string) error { return nil }}
}

// Refusal says why a partition stays where it is.
type Refusal struct{ Why string }

func (r *Refusal) Error() string { return "refused: " + r.Why }

// Part is a stretch of positions and where it lives: attached, detached (in a file and in a table apart), or file.
type Part struct {
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Where string `json:"where"`
	File  string `json:"file,omitempty"`
	table string
}

// about says what was being done, and to which positions once that is known.
func (p Part) about(verb string, err error) error {
	if p.To == 0 {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return fmt.Errorf("%s positions %d to %d: %w", verb, p.From, p.To, err)
}

// List returns every part that holds events or did, oldest first.
func (a *Archive) List(ctx context.Context) (parts []Part, err error) {
	rows, err := a.pool.Query(ctx, `
		select p.from_position, p.to_position,
		       case when s.file is null then 'attached'
		            when i.inhrelid is not null then 'detaching'
		            when c.oid is not null then 'detached'
		            else 'file'
		       end, coalesce(s.file, ''), p.name
		  from journal.partitions p
		  left join journal.segments s on s.journal = p.journal and s.from_position = p.from_position
		  left join pg_class c on c.relnamespace = 'journal'::regnamespace and c.relname = p.name
		  left join pg_inherits i on i.inhrelid = c.oid
		 where p.journal = 'events'
		   and p.from_position <= coalesce((select e.position from journal.events e order by e.position desc limit 1), 0)
		 order by p.from_position`)
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	parts, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Part, err error) {
		return p, row.Scan(&p.From, &p.To, &p.Where, &p.File, &p.table)
	})
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	return parts, nil
}

// Detach archives the oldest attached partition, or ends a detaching that was cut short. Everybody who follows the journal must be
// beyond it (*Refusal).
func (a *Archive) Detach(ctx context.Context) (p Part, err error) {
	err = a.alone(ctx, func(conn *pgx.Conn) error {
		if p, err = a.oldest(ctx); err != nil {
			return err
		}
		if p.Where == "attached" {
			if err := a.refuse(ctx, conn, p); err != nil {
				return err
			}
			if err := a.export(ctx, conn, &p); err != nil {
				return err
			}
		}
		return a.takeOut(ctx, conn, &p)
	})
	if err != nil {
		return p, p.about("detach", err)
	}
	return p, nil
}

// alone lets one archiver work at a time. The lock goes with the connection.
func (a *Archive) alone(ctx context.Context, do func(*pgx.Conn) error) error {
	c, err := a.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	conn := c.Hijack()
	defer closeConn(conn)
	var got bool
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock(1685025651, 31)`).Scan(&got); err != nil {
		return err
	}
	if !got {
		return &Refusal{"another archive command is running"}
	}
	defer conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock(1685025651, 31)`) // the server notices a closed connection late
	// No partition is made while a detaching waits for a long read, so it must not wait for long.
	if _, err := conn.Exec(ctx, `set lock_timeout = '10s'`); err != nil {
		return err
	}
	if err := os.MkdirAll(a.dir, 0o755); err != nil {
		return fmt.Errorf("make archive folder: %w", err)
	}
	return do(conn)
}

func (a *Archive) oldest(ctx context.Context) (Part, error) {
	parts, err := a.List(ctx)
	if err != nil {
		return Part{}, err
	}
	for i, p := range parts {
		if p.Where == "detaching" || p.Where == "attached" && i < len(parts)-1 {
			return p, nil
		}
	}
	return Part{}, &Refusal{"no partition is full and has events after it"}
}

// refuse looks for anybody who may still want these events from the table, or to whom they are not old.
func (a *Archive) refuse(ctx context.Context, conn *pgx.Conn, p Part) error {
	var head, relayed, projections int64
	err := conn.QueryRow(ctx, `
		select (select e.position from journal.events e order by e.position desc limit 1),
		       coalesce((select cursor from journal.relay_beats order by beat desc limit 1), 0),
		       (select count(distinct projection) from views.checkpoints)`).Scan(&head, &relayed, &projections)
	switch {
	case err != nil:
		return err
	case head <= p.To:
		return &Refusal{fmt.Sprintf("the newest partition that holds events stays (head %d)", head)}
	case relayed < p.To:
		return &Refusal{fmt.Sprintf("the relay has brought only %d positions to Kafka", relayed)}
	case projections == 0:
		return &Refusal{"no projection has begun"}
	}
	var behind string
	var next int64
	err = conn.QueryRow(ctx, `
		select r.standby, min(l.at)
		  from views.rebuilds r
		 cross join lateral unnest(r.at) as l(at)
		 where l.at < $1
		 group by r.standby
		 limit 1`, p.To).Scan(&behind, &next)
	if err == nil {
		return &Refusal{fmt.Sprintf("table %s, which is being built or kept for going back, stands at %d", behind, next)}
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	err = conn.QueryRow(ctx, `
		select p.projection, min(u.next)
		  from (select distinct projection from views.checkpoints) p
		 cross join lateral views.unseen_v1(array[p.projection], array(select l::smallint from generate_series(0, 63) l)) u
		 where u.next <= $1
		 group by p.projection
		 order by 2
		 limit 1`, p.To).Scan(&behind, &next)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return &Refusal{fmt.Sprintf("projection %s has not seen position %d", behind, next)}
}

// export writes the file under a temporary name, reads it back, compares it row for row and gives it its name.
func (a *Archive) export(ctx context.Context, conn *pgx.Conn, p *Part) error {
	p.File = fmt.Sprintf("events-%015d-%015d.jsonl.zst", p.From, p.To)
	name := filepath.Join(a.dir, p.File)
	draft := name + ".tmp"
	defer os.Remove(draft)
	a.expect(2, *p)
	if err := a.write(ctx, conn, p, draft); err != nil {
		return fmt.Errorf("write %s: %w", draft, err)
	}
	if err := a.step("written"); err != nil {
		return err
	}
	if err := a.compare(ctx, conn, *p, draft); err != nil {
		return fmt.Errorf("read %s back: %w", draft, err)
	}
	if err := os.Rename(draft, name); err != nil {
		return fmt.Errorf("name archive file: %w", err)
	}
	if err := syncFolder(a.dir); err != nil {
		return err
	}
	return a.step("named")
}

func (a *Archive) write(ctx context.Context, conn *pgx.Conn, p *Part, draft string) error {
	f, err := os.OpenFile(draft, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	var generation int
	err = conn.QueryRow(ctx, `select max(number) from journal.generations where from_position <= $1`, p.To).Scan(&generation)
	if err != nil {
		return err
	}
	w := newSegmentWriter(f, "events", p.From, p.To, generation)
	if err := a.rows(ctx, conn, *p, w.add); err != nil {
		return err
	}
	if _, err = w.finish(); err != nil {
		return err
	}
	return f.Close()
}

// rows reads a part's table in pages by key, whether it is attached or not.
func (a *Archive) rows(ctx context.Context, conn *pgx.Conn, p Part, visit func(*Event) error) error {
	table := pgx.Identifier{"journal", p.table}.Sanitize()
	for after := p.From - 1; ; {
		rows, err := conn.Query(ctx, `select `+Columns+` from `+table+` where position > $1 order by position limit $2`, after, verifyPage)
		if err != nil {
			return err
		}
		events, err := Scan(rows)
		if err != nil || len(events) == 0 {
			return err
		}
		for i := range events {
			if err := visit(&events[i]); err != nil {
				return err
			}
		}
		after = events[len(events)-1].Position
		a.passed(len(events))
	}
}

// expect says how often the positions of a part will be gone through.
func (a *Archive) expect(times int64, p Part) { a.done, a.total = 0, times*(p.To-p.From+1) }

func (a *Archive) passed(rows int) {
	if a.done += int64(rows); a.Progress != nil {
		a.Progress(a.done, a.total)
	}
}

// compare holds the file against the table, row for row, and against its own sums.
func (a *Archive) compare(ctx context.Context, conn *pgx.Conn, p Part, file string) error {
	f, err := openSegment(file)
	if err != nil {
		return err
	}
	defer f.f.Close()
	if err := f.check(ctx); err != nil {
		return err
	}
	var held []Event
	next := p.From
	err = a.rows(ctx, conn, p, func(e *Event) (err error) {
		if e.Position != next || e.Position > f.m.To {
			return fmt.Errorf("position %d where %d should be", e.Position, next)
		}
		if next++; len(held) == 0 || held[len(held)-1].Position < e.Position {
			if held, err = f.block(f.blockOf(e.Position)); err != nil {
				return err
			}
		}
		if !sameRow(e, &held[e.Position-held[0].Position]) {
			return fmt.Errorf("position %d is not what the table has", e.Position)
		}
		return nil
	})
	if err == nil && next != p.To+1 {
		err = fmt.Errorf("the table ends before %d, the file at %d", next, p.To)
	}
	return err
}

func sameRow(a, b *Event) bool {
	return a.Position == b.Position && a.StreamID == b.StreamID && a.StreamKind == b.StreamKind && a.Version == b.Version && a.ID == b.ID &&
		a.Type == b.Type && a.TypeVersion == b.TypeVersion && bytes.Equal(a.Data, b.Data) && bytes.Equal(a.Meta, b.Meta) &&
		a.OccurredAt.Equal(b.OccurredAt) && a.RecordedAt.Equal(b.RecordedAt) && a.Lane == b.Lane
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// takeOut records the segment and then detaches the partition without a lock that appends would meet. Between the two the events
// are in both places, and readers take the file: no moment has them in neither.
func (a *Archive) takeOut(ctx context.Context, conn *pgx.Conn, p *Part) error {
	if p.Where == "attached" {
		f, err := openSegment(filepath.Join(a.dir, p.File))
		if err != nil {
			return err
		}
		m := *f.m
		f.f.Close()
		if err := record(ctx, conn, *p, m); err != nil {
			return fmt.Errorf("record the segment: %w", err)
		}
		if err := a.step("recorded"); err != nil {
			return err
		}
	}
	// Making a partition reads the journal and then wants the lock that detaching holds until all who read are gone: a deadlock.
	// So partitions are not made meanwhile.
	if _, err := conn.Exec(ctx, `select pg_advisory_lock(1685025651, 11)`); err != nil {
		return err
	}
	defer conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock(1685025651, 11)`)
	var pending bool
	if err := conn.QueryRow(ctx, `select coalesce((select inhdetachpending from pg_inherits where inhrelid = to_regclass($1)), false)`,
		"journal."+p.table).Scan(&pending); err != nil {
		return err
	}
	how := "concurrently"
	if pending {
		how = "finalize"
	}
	_, err := conn.Exec(ctx, `alter table journal.events detach partition `+pgx.Identifier{"journal", p.table}.Sanitize()+` `+how)
	if err != nil {
		return fmt.Errorf("recorded and read from its file, but its table is not yet detached, run again: %w", err)
	}
	p.Where = "detached"
	return a.step("detached")
}

func record(ctx context.Context, conn *pgx.Conn, p Part, m Manifest) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			insert into journal.archived_streams (journal, id, version, stream_kind)
			select 'events', e.stream_id, max(e.version), max(e.stream_kind)
			  from `+pgx.Identifier{"journal", p.table}.Sanitize()+` e
			 group by e.stream_id
			    on conflict (journal, id) do update set version = excluded.version`)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			update journal.partitions set listed_at = coalesce(listed_at, clock_timestamp())
			 where journal = 'events' and from_position = $1`, p.From)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			insert into journal.segments (journal, from_position, to_position, root, file, events, content)
			values ('events', $1, $2, $3, $4, $5, $6)`, p.From, p.To, m.Root, p.File, m.Events, m.Content)
		return err
	})
}

// Drop deletes the table of a detached partition, after its file has been compared with it once more.
func (a *Archive) Drop(ctx context.Context) (p Part, err error) {
	err = a.alone(ctx, func(conn *pgx.Conn) error {
		parts, err := a.List(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(parts, func(p Part) bool { return p.Where == "detached" })
		if i < 0 {
			return &Refusal{"no detached partition is left in the database"}
		}
		p = parts[i]
		a.expect(1, p)
		if err := a.compare(ctx, conn, p, filepath.Join(a.dir, p.File)); err != nil {
			return fmt.Errorf("compare %s with its table: %w", p.File, err)
		}
		_, err = conn.Exec(ctx, `drop table `+pgx.Identifier{"journal", p.table}.Sanitize())
		p.Where = "file"
		return err
	})
	if err != nil {
		return p, p.about("drop", err)
	}
	return p, nil
}

// Restore attaches the newest archived partition again, from its table if that is still there, else from its file. The file stays.
func (a *Archive) Restore(ctx context.Context) (p Part, err error) {
	err = a.alone(ctx, func(conn *pgx.Conn) error {
		parts, err := a.List(ctx)
		if err != nil {
			return err
		}
		for i := len(parts) - 1; i >= 0; i-- {
			if parts[i].Where != "attached" {
				p = parts[i]
				return a.bringBack(ctx, conn, &p)
			}
		}
		return &Refusal{"nothing is archived"}
	})
	if err != nil {
		return p, p.about("restore", err)
	}
	return p, nil
}

func (a *Archive) bringBack(ctx context.Context, conn *pgx.Conn, p *Part) error {
	if p.Where == "detaching" { // finish first: a partition that is half out cannot be attached
		if err := a.takeOut(ctx, conn, p); err != nil {
			return err
		}
	}
	file := filepath.Join(a.dir, p.File)
	a.expect(1, *p)
	if p.Where == "file" {
		a.expect(2, *p)
		if err := a.fill(ctx, conn, *p, file); err != nil {
			return err
		}
	}
	if err := a.compare(ctx, conn, *p, file); err != nil {
		return fmt.Errorf("compare %s with its table: %w", p.File, err)
	}
	if err := a.step("filled"); err != nil {
		return err
	}
	if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return attach(ctx, tx, *p) }); err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	p.Where = "attached"
	return nil
}

// fill makes the table again from its file, in one transaction: a table that is there is whole.
func (a *Archive) fill(ctx context.Context, conn *pgx.Conn, p Part, file string) error {
	f, err := openSegment(file)
	if err != nil {
		return &ArchiveError{File: file, From: p.From, To: p.To, Err: err}
	}
	defer f.f.Close()
	if err := f.check(ctx); err != nil {
		return &ArchiveError{File: file, From: p.From, To: p.To, Err: err}
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, fmt.Sprintf(makeTable, pgx.Identifier{p.table}.Sanitize(), pgx.Identifier{p.table + "_version"}.Sanitize(), pgx.Identifier{p.table + "_event"}.Sanitize())); err != nil {
			return err
		}
		for block := range f.m.Blocks {
			events, err := f.block(block)
			if err != nil {
				return err
			}
			if err := copyRows(ctx, tx, p.table, events); err != nil {
				return err
			}
			a.passed(len(events))
		}
		return nil
	})
}

// makeTable is what make_partitions_v1 makes.
const makeTable = `
	create table journal.%[1]s (like journal.events including all);
	alter table journal.%[1]s add constraint %[2]s unique (stream_id, version), add constraint %[3]s unique (event_id);
	create trigger append_only before update or delete or truncate on journal.%[1]s for each statement execute function journal.refuse_change()`

func copyRows(ctx context.Context, tx pgx.Tx, table string, events []Event) error {
	columns := []string{"position", "stream_id", "stream_kind", "version", "event_id", "type", "type_version", "data", "meta", "occurred_at", "recorded_at", "lane"}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"journal", table}, columns, pgx.CopyFromSlice(len(events), func(i int) ([]any, error) {
		e := &events[i]
		return []any{e.Position, e.StreamID, e.StreamKind, e.Version, e.ID, e.Type, int32(e.TypeVersion), e.Data, e.Meta, e.OccurredAt, e.RecordedAt, int16(e.Lane)}, nil
	}))
	return err
}

// attach gives the partition back and takes its streams out of the archive: those that began in it, whole; the others as far as
// older segments hold them.
func attach(ctx context.Context, tx pgx.Tx, p Part) error {
	table := pgx.Identifier{"journal", p.table}.Sanitize()
	for _, statement := range []string{
		`set local lock_timeout = '2s'`,
		`update journal.archived_streams a set version = f.version - 1
		   from (select e.stream_id, min(e.version) as version from ` + table + ` e group by e.stream_id) f
		  where a.journal = 'events' and a.id = f.stream_id`,
		`delete from journal.archived_streams where journal = 'events' and version = 0`,
		// Its streams are listed anew, by whoever next looks after the partitions.
		fmt.Sprintf(`delete from journal.events_streams where from_position = %d`, p.From),
		fmt.Sprintf(`update journal.partitions set listed_at = null where journal = 'events' and from_position = %d`, p.From),
		fmt.Sprintf(`alter table journal.events attach partition %s for values from (%d) to (%d)`, table, p.From, p.To+1),
		fmt.Sprintf(`delete from journal.segments where journal = 'events' and from_position = %d`, p.From),
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
