package eventstore

import "strings"

// Columns is what a query must select for Scan, in this order.
const Columns = "position, stream_id, stream_kind, version, event_id, type, type_version, data, meta, occurred_at, recorded_at, lane"

// pin keeps a plan that was made while a partition was empty from staying a sequential scan, planning from being repeated for
// every call over many partitions, and the compiler from being started for a query of a millisecond. It holds for the
// statements sent in the same round trip.
const pin = `select set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)`

// pinOrder is pin for pages in the order of an index. Their plan does not know how far apart two positions lie: it would read all rows
// between them and sort them, for each page.
const pinOrder = `select set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)`

// pinSession is pin for a connection that does nothing else.
const pinSession = `select set_config('enable_seqscan', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false)`

type statements struct {
	append, role, head, stream, streams, histories, page, lanePage, about, positionAt, stored, makePartitions, nextPartition, listStreams string
	base, between, idsBetween, eventIDs, laneEnds, firstAfter, verifyList, verifyStreams, sameHistory, firstWrong                         string
}

func statementsFor(journal string, simulated bool) statements {
	function := map[string]string{"events": "append_v2", "access": "append_access_v2"}[journal]
	clock := ""
	if simulated {
		function, clock = strings.Replace(function, "_v2", "_simulated_v2", 1), ", $21"
	}
	in := func(sql string) string {
		return strings.NewReplacer("{journal}", "journal."+journal, "{columns}", Columns, "{e.columns}", "e."+strings.ReplaceAll(Columns, ", ", ", e."), "{name}", journal,
			"{archived}", "(select coalesce(max(s.to_position), 0) from journal.segments s where s.journal = '"+journal+"')").Replace(sql)
	}
	return statements{
		append: `select request, outcome, first, last, version, recorded_at from journal.` + function +
			`($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20` + clock + `)`,
		role: in(`
			select current_user, has_table_privilege('{journal}', 'insert, update, delete, truncate') or exists (
			  select from pg_inherits i
			   where i.inhparent = '{journal}'::regclass
			     and has_table_privilege(i.inhrelid, 'insert, update, delete, truncate'))`),
		head:    in(`select position from {journal} order by position desc limit 1`),
		stream:  in(`select {columns} from journal.read_{name}_v1(array[$1::uuid], $2, 9223372036854775807)`),
		streams: in(`select {columns} from journal.read_{name}_v1($1, 0, 9223372036854775807)`),
		// One statement has one snapshot: the head and the streams belong together. Streams without events are one row of nulls.
		histories: in(`
			select h.head, h.archived, {e.columns}
			  from (select (select position from {journal} order by position desc limit 1) as head, {archived} as archived) h
			  left join lateral journal.read_{name}_v1($1, 0, h.head) e on true`),
		between: in(`select {columns} from {journal} where stream_id > $1 and stream_id <= $2 order by stream_id, version limit $3`),
		// Each half takes its own first ones by index: a union alone would sort all there are.
		idsBetween: in(`
			(select stream_id as id from {journal} where version = 1 and stream_id > $1 and stream_id <= $2 order by stream_id limit $3)
			 union
			(select id from journal.archived_streams where journal = '{name}' and id > $1 and id <= $2 order by id limit $3)
			 order by id
			 limit $3`),
		page: in(`select {columns} from {journal} where position > $1 order by position limit $2`),
		// Of one dossier, and of several: each half by its own index.
		about: in(`
			(select {columns} from {journal} where data ->> 'dossier' = $1 and position < $2 and type = any ($3) order by position desc limit $4)
			 union all
			(select {columns} from (
			   select {columns} from {journal}
			    where (data -> 'dossiers')::jsonb @> jsonb_build_array($1::text) and type = 'access.dossiers-listed' and type = any ($3) and position < $2
			   offset 0) as listed
			  order by position desc limit $4)
			 order by position desc
			 limit $4`),
		lanePage: in(`select {columns} from {journal} where lane = $1 and position > $2 and position <= $3 order by position limit $4`),
		// Positions have no holes and recorded_at never decreases along them, so halving finds the place without an index.
		positionAt: in(`
			with recursive search (low, high) as (
			  select coalesce((select position from {journal} order by position limit 1) - 1, 0),
			         coalesce((select position from {journal} order by position desc limit 1), 0)
			  union all
			  select case when e.recorded_at <= $1 then e.position else low end,
			         case when e.recorded_at <= $1 then high else e.position - 1 end
			    from search
			    join {journal} e on e.position = (low + high + 1) / 2
			   where low < high
			)
			select high from search where low = high`),
		stored:         in(`select event_id, stream_id, position, version, recorded_at from {journal} where event_id = any($1)`),
		makePartitions: in(`select journal.make_partitions_v1('{name}', $1)`),
		listStreams:    in(`select journal.list_streams_v1('{name}')`),
		base: in(`
			select coalesce(max(to_position), 0), coalesce(max(detached_at), 'epoch')
			  from journal.segments
			 where journal = '{name}'`),
		verifyList: in(`
			select a.id, a.version, 0::bigint, coalesce(a.stream_kind, '')
			  from journal.archived_streams a
			 where a.journal = '{name}'
			   and a.id > $1
			 order by a.id
			 limit $2`),
		eventIDs: in(`select position, event_id from {journal} where position = any($1)`),
		laneEnds: in(`
			select l.lane, e.position
			  from generate_series(0, $1 - 1) as l (lane)
			 cross join lateral (
			   select position
			     from {journal}
			    where lane = l.lane::smallint
			      and position <= $2
			    order by position desc
			    limit 1) e`),
		firstAfter: in(`
			select coalesce(min(next.position), $2)
			  from unnest($1::bigint[]) with ordinality as told (position, n)
			 cross join lateral (
			   select e.position
			     from {journal} e
			    where e.lane = (told.n - 1)::smallint
			      and e.position > told.position
			    order by e.position
			    limit 1) as next`),
		sameHistory: in(`
			select r.nth::int
			  from unnest($1::uuid[], $2::bigint[], $3::uuid[]) with ordinality as r(stream, version, event, nth)
			 where exists (select from {journal} e where e.stream_id = r.stream and e.version = r.version and e.event_id = r.event)
			    or exists (select from journal.archived_streams a where a.journal = '{name}' and a.id = r.stream and a.version >= r.version)`),
		verifyStreams: in(`
			select e.stream_id, e.version, e.position, e.stream_kind
			  from {journal} e
			 where (e.stream_id, e.version) > ($1, $2)
			   and e.position > $3
			   and e.position <= $4
			 order by e.stream_id, e.version
			 limit $5`),
		firstWrong: in(`
			select position, version, want
			  from (select position, version, $2 + row_number() over (order by position) as want
			          from {journal}
			         where stream_id = $1
			           and position > $3
			           and position <= $4) s
			 where version <> want
			 order by position
			 limit 1`),
		// The partition whose first event leaves only one empty partition ahead.
		nextPartition: in(`select from_position from journal.partitions where journal = '{name}' order by from_position desc limit 1 offset 1`),
	}
}
