-- +goose Up

-- Writes the text of an append function, as make_append did. When nothing about a batch is unusual, which is nearly always, one look
-- says so for all of its requests and they are not judged one by one.
-- +goose StatementBegin
create function journal.make_append_v2(p_name text, p_journal text, p_lock integer, p_parameter text, p_clock text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $make$
begin
  execute replace(replace(replace(replace(replace($text$
create function journal.{name}(
  p_now            timestamptz,    -- the caller's clock
  p_head           bigint,         -- newest position the caller knows, where the search for the last one begins
  -- of the whole batch
  p_numbered       boolean,        -- every expected version is a number that was seen, or 0
  p_oldest         bigint,         -- of the seen heads
  p_newest         bigint,
  p_latest         timestamptz,    -- occurred_at
  -- one element for each request
  p_stream         uuid[],
  p_kind           text[],
  p_lane           smallint[],
  p_expected       bigint[],       -- version the stream must be at; 0: it must not exist; -1: any
  p_seen           bigint[],       -- head of the journal before the stream was read; 0: unknown
  p_before         bigint[],       -- events of the requests before it
  p_occurs         timestamptz[],  -- latest occurred_at among its events
  -- one element for each event, in the order of their requests
  p_request        integer[],
  p_event          uuid[],
  p_type           text[],
  p_type_version   integer[],
  p_data           json[],
  p_meta           json[],
  p_occurred       timestamptz[]{parameter})
returns table (
  request     integer,         -- 0: all of them are appended, from first to last, each at the version it expected
  outcome     text,            -- appended, conflict, ahead, clock
  first       bigint,
  last        bigint,
  version     bigint,          -- of the stream now
  recorded_at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
-- Plans made while a partition was empty would stay sequential scans when it is not, or scans of its positions where a stream is
-- looked for (only the index of versions gives their order), and a batch would be planned anew each time.
set plan_cache_mode = force_generic_plan
set enable_sort = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $append$
#variable_conflict use_column
declare
  v_events    integer := cardinality(p_event);
  v_last      bigint;
  v_recorded  timestamptz;
  v_clock     timestamptz;
  v_limit     timestamptz;
  v_skewed    boolean;
  v_listed    bigint := 0;  -- through here every stream is listed
  v_to        bigint;       -- where the partition after it ends
  v_floor     bigint;
  v_usual     boolean;
  v_accepting bigint[];
  v_outcomes  text[];
  v_counts    bigint[];
  v_bases     bigint[] := p_expected;  -- version before a request's first event
  v_before    bigint[] := p_before;    -- events appended before it; null: it is not
  v_total     bigint   := v_events;
  v_rows      bigint;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'append needs read committed: an older snapshot would not see the last position'
      using errcode = 'active_sql_transaction';
  end if;
  if pg_current_xact_id_if_assigned() is not null then
    raise exception 'append never joins a transaction that has written: the lock would be held until its end'
      using errcode = 'active_sql_transaction';
  end if;
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;

  -- From here to the commit one append at a time. Every statement below takes a snapshot of its own, so it sees the one before.
  perform pg_advisory_xact_lock(1685025651, {lock});

  -- Positions have no holes, so the last row of a window that is not full is the last of all. Looking no further keeps the
  -- partitions before and after out of it.
  select e.position, e.recorded_at into v_last, v_recorded
    from journal.{journal} e
   where e.position >= p_head
     and e.position < p_head + 10000
   order by e.position desc
   limit 1;
  if v_last is null or v_last = p_head + 9999 then
    select e.position, e.recorded_at into v_last, v_recorded
      from journal.{journal} e
     order by e.position desc
     limit 1;
    v_last := greatest(v_last, (select max(s.to_position) from journal.segments s where s.journal = '{journal}'), 0);
    v_recorded := coalesce(v_recorded, '-infinity');
  end if;

  -- A head that this database never had was read before it lost its tail: then nothing was seen.
  v_usual := p_numbered and p_newest <= v_last;
  if p_newest > v_last then
    p_seen := array_fill(0::bigint, array[cardinality(p_seen)]);
    p_oldest := 0;
  end if;

  v_clock := {clock};
  v_limit := greatest(v_clock + interval '5 seconds', v_recorded);
  v_skewed := v_clock > p_now + interval '10 minutes' and v_clock > v_recorded + interval '10 minutes';
  recorded_at := greatest(v_clock, v_recorded, p_latest);
  v_usual := v_usual and not v_skewed and p_latest <= v_limit;

  -- What came since a stream was read stands in the partitions after v_floor, or in the list of their streams. Only the newest one
  -- cannot be archived meanwhile, so the looks below do for that one alone.
  if p_oldest < v_last then
    select p.from_position - 1, p.to_position into v_listed, v_to
      from journal.partitions p
     where p.journal = '{journal}'
       and p.listed_at is null
     order by p.from_position
     limit 1;
    v_listed := coalesce(v_listed, v_last);
    v_usual := v_usual and v_last <= v_to;
  end if;
  v_floor := greatest(p_oldest, v_listed);

  if v_usual and v_floor < v_last then
    v_usual := not exists (
      select
        from unnest(p_stream, p_expected) as r(stream, expected)
       where (
         select true
           from journal.{journal} e
          where e.stream_id = r.stream
            and e.version > r.expected
            and e.position > v_floor
            and e.position <= v_last
          order by e.version
          limit 1));
  end if;
  if v_usual and p_oldest < v_listed then
    v_usual := not exists (
      select
        from unnest(p_stream, p_expected, p_seen) as r(stream, expected, seen)
       where r.seen < v_listed
         and (coalesce((select s.version from journal.{journal}_streams s where s.stream_id = r.stream order by s.from_position desc limit 1), 0) > r.expected
           or coalesce((select a.version from journal.archived_streams a where a.journal = '{journal}' and a.id = r.stream), 0) > r.expected));
  end if;

  if v_usual is not true then
    -- While the clock is in doubt only its acceptance is taken.
    if v_skewed then
      select coalesce(array_agg(e.request), '{}') into v_accepting
        from unnest(p_request, p_type) as e(request, type)
       where p_kind[e.request] = 'system'
         and e.type = 'system.clock-accepted';
    end if;

    -- Judge each request alone: what its stream is at, as far as it moved since it was read, and where its events will stand.
    select array_agg(p.outcome),
           array_agg(p.count),
           array_agg(p.base),
           array_agg(case p.outcome when 'appended' then p.through - p.count end),
           max(p.through),
           greatest(v_clock, v_recorded, max(p.occurs) filter (where p.outcome = 'appended'))
      into v_outcomes, v_counts, v_bases, v_before, v_total, recorded_at
      from (
        select j.request, j.outcome, j.base, j.count, j.occurs,
               sum(case j.outcome when 'appended' then j.count else 0 end) over (order by j.request) as through
          from (
            select r.request, r.occurs,
                   coalesce(p_before[r.request + 1], v_events) - r.before as count,
                   case when r.expected >= 0 and c.actual <> r.expected or c.actual is null and r.seen = 0 and r.expected > 0 then 'conflict'
                        when v_skewed and r.request <> all (v_accepting) then 'clock'
                        when r.occurs > v_limit then 'ahead'
                        else 'appended'
                    end as outcome,
                   -- A stream below the expected version was not found above: look for all of it, it is rare.
                   case when c.actual is null and r.seen = 0 and r.expected > 0 then
                          greatest(
                            (select max(e.version) from journal.{journal} e where e.stream_id = r.stream and e.position > v_floor),
                            (select max(s.version) from journal.{journal}_streams s where s.stream_id = r.stream),
                            (select a.version from journal.archived_streams a where a.journal = '{journal}' and a.id = r.stream), 0)
                        else coalesce(c.actual, greatest(r.expected, 0))
                    end as base
              from unnest(p_stream, p_expected, p_seen, p_before, p_occurs) with ordinality
                   as r(stream, expected, seen, before, occurs, request)
              left join lateral (
                select e.version
                  from journal.{journal} e
                 where e.stream_id = r.stream
                   and e.version >= r.expected
                   and e.position > v_floor
                   and e.position <= v_last
                 order by e.version desc
                 limit 1) e on true
              left join lateral (
                select s.version
                  from journal.{journal}_streams s
                 where s.stream_id = r.stream
                   and s.version >= r.expected
                   and r.seen < v_listed
                 order by s.from_position desc
                 limit 1) s on true
              left join journal.archived_streams a
                on a.journal = '{journal}'
               and a.id = r.stream
               and a.version >= r.expected
             cross join lateral (select greatest(e.version, s.version, a.version) as actual offset 0) c
          ) j
      ) p;
    if 0 >= any (v_counts) then
      raise exception 'a request without events' using errcode = 'invalid_parameter_value';
    end if;
  end if;

  -- Position and version follow from an event's place in the batch: with the row count below, holes are impossible, whatever the
  -- caller counted.
  if v_usual and v_events = 1 then
    insert into journal.{journal} (position, stream_id, stream_kind, version, event_id, type, type_version, data, meta,
      occurred_at, recorded_at, lane)
    values (v_last + 1, p_stream[1], p_kind[1], p_expected[1] + 1, p_event[1], p_type[1], p_type_version[1], p_data[1], p_meta[1],
      p_occurred[1], recorded_at, p_lane[1]);
  else
    insert into journal.{journal} (position, stream_id, stream_kind, version, event_id, type, type_version, data, meta,
      occurred_at, recorded_at, lane)
    select v_last + v_before[e.request] + e.place - p_before[e.request], p_stream[e.request], p_kind[e.request],
           v_bases[e.request] + e.place - p_before[e.request], e.event, e.type, e.type_version, e.data, e.meta, e.occurred,
           recorded_at, p_lane[e.request]
      from (
        -- In the select list, not in from: rows then stream instead of being stored first.
        select generate_series(1, v_events) as place, unnest(p_request) as request, unnest(p_event) as event, unnest(p_type) as type,
               unnest(p_type_version) as type_version, unnest(p_data) as data, unnest(p_meta) as meta, unnest(p_occurred) as occurred) e
     where v_before[e.request] >= 0
       and e.place > p_before[e.request]
       and e.place <= coalesce(p_before[e.request + 1], v_events);
  end if;
  get diagnostics v_rows = row_count;
  if v_rows <> v_total then
    raise exception '% events for % places', v_rows, v_total using errcode = 'invalid_parameter_value';
  end if;

  if v_usual then
    request := 0;
    outcome := 'appended';
    first := v_last + 1;
    last := v_last + v_events;
    version := 0;
    return next;
    return;
  end if;
  return query
  select r.request::integer, r.outcome, coalesce(v_last + r.before + 1, 0), coalesce(v_last + r.before + r.count, 0),
         case r.outcome when 'appended' then r.base + r.count else r.base end, recorded_at
    from unnest(v_outcomes, v_bases, v_before, v_counts) with ordinality as r(outcome, base, before, count, request);
end
$append$
$text$, '{parameter}', p_parameter), '{journal}', p_journal), '{name}', p_name), '{lock}', p_lock::text), '{clock}', p_clock);
end
$make$;
-- +goose StatementEnd

select journal.make_append_v2('append_v2', 'events', 1, '', 'clock_timestamp()');
select journal.make_append_v2('append_access_v2', 'access', 2, '', 'clock_timestamp()');

revoke all on all functions in schema journal from public;

-- +goose StatementBegin
do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid
      from pg_proc p
     where p.pronamespace = 'journal'::regnamespace
       and p.proname in ('append_v2', 'append_access_v2')
  loop
    execute format('grant execute on function %s to dossier_app', v_function);
  end loop;
end
$$;
-- +goose StatementEnd
