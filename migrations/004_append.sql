-- +goose Up

-- Writes the text of an append function. The business journal, the access journal and, in dev, the journals under a
-- simulated clock all come from this one text, so what is true of one is true of all.
-- +goose StatementBegin
create function journal.make_append(p_name text, p_journal text, p_lock integer, p_parameter text, p_clock text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $make$
begin
  execute replace(replace(replace(replace(replace($text$
create function journal.{name}(
  p_now            timestamptz,    -- the caller's clock
  p_head           bigint,         -- newest position the caller knows, where the search for the last one begins
  -- one element for each request
  p_stream         uuid[],
  p_kind           text[],
  p_lane           smallint[],
  p_expected       bigint[],       -- version the stream must be at; 0: it must not exist; -1: any
  p_seen           bigint[],       -- head of the journal before the stream was read; 0: unknown
  p_count          integer[],      -- events of the request
  p_latest         timestamptz[],  -- latest occurred_at among them
  -- one element for each event, in the order of their requests
  p_request        integer[],
  p_nth            integer[],      -- 1 for the first event of its request
  p_event          uuid[],
  p_type           text[],
  p_type_version   integer[],
  p_data           json[],
  p_meta           json[],
  p_occurred       timestamptz[]{parameter})
returns table (
  request     integer,
  outcome     text,                -- appended, conflict, ahead, clock
  first       bigint,
  last        bigint,
  version     bigint,              -- of the stream now
  recorded_at timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
-- Plans made while a partition was empty would stay sequential scans when it is not, and a batch would be planned anew each time.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $append$
#variable_conflict use_column
declare
  v_last     bigint;
  v_seen     bigint;
  v_newest   bigint;
  v_recorded timestamptz;
  v_clock    timestamptz;
  v_limit    timestamptz;
  v_skewed   boolean;
  v_actual   bigint;
  v_base     bigint;
  v_accepting bigint[];
  v_outcomes text[];
  v_firsts   bigint[];
  v_bases    bigint[];
  v_times    timestamptz[];
  v_total    bigint;
  v_counted  bigint;
  v_rows     bigint;
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

  v_seen := p_seen[1];
  if cardinality(p_seen) > 1 then
    select min(s), max(s) into v_seen, v_newest from unnest(p_seen) s;
  end if;
  -- A head that this database never had was read before it lost its tail: then nothing was seen.
  if greatest(v_seen, v_newest) > v_last then
    p_seen := array_fill(0::bigint, array[cardinality(p_seen)]);
    v_seen := 0;
  end if;

  v_clock := {clock};
  v_limit := greatest(v_clock + interval '5 seconds', v_recorded);
  v_skewed := v_clock > p_now + interval '10 minutes' and v_clock > v_recorded + interval '10 minutes';

  -- While the clock is in doubt only its acceptance is taken.
  if v_skewed then
    select coalesce(array_agg(e.request), '{}') into v_accepting
      from unnest(p_request, p_type) as e(request, type)
     where p_kind[e.request] = 'system'
       and e.type = 'system.clock-accepted';
  end if;

  -- Judge each request alone: what its stream is at, as far as it moved since it was read, and where its events will stand.
  select array_agg(p.outcome),
         array_agg(case p.outcome when 'appended' then p.through - p.count + 1 else 0 end),
         array_agg(p.base),
         array_agg(p.latest),
         max(p.through) - v_last,
         sum(p.count)
    into v_outcomes, v_firsts, v_bases, v_times, v_total, v_counted
    from (
      select j.request, j.outcome, j.base, j.count,
             v_last + sum(case j.outcome when 'appended' then j.count else 0 end) over earlier as through,
             greatest(v_clock, v_recorded, max(case j.outcome when 'appended' then j.latest end) over earlier) as latest
        from (
          select r.request, r.count, r.latest,
                 case when r.expected >= 0 and c.actual <> r.expected or c.actual is null and r.seen = 0 and r.expected > 0 then 'conflict'
                      when v_skewed and r.request <> all (v_accepting) then 'clock'
                      when r.latest > v_limit then 'ahead'
                      else 'appended'
                  end as outcome,
                 -- A stream below the expected version was not found above: look for all of it, it is rare.
                 case when c.actual is null and r.seen = 0 and r.expected > 0 then
                        greatest((select max(e.version) from journal.{journal} e where e.stream_id = r.stream),
                                 (select a.version from journal.archived_streams a where a.journal = '{journal}' and a.id = r.stream), 0)
                      else coalesce(c.actual, greatest(r.expected, 0))
                  end as base
            from unnest(p_stream, p_expected, p_seen, p_count, p_latest) with ordinality
                 as r(stream, expected, seen, count, latest, request)
            left join lateral (
              select e.version
                from journal.{journal} e
               where e.stream_id = r.stream
                 and e.version >= r.expected
                 and e.position > r.seen
                 and e.position > v_seen
                 and e.position <= v_last
               order by e.version desc
               limit 1) e on true
            left join journal.archived_streams a
              on a.journal = '{journal}'
             and a.id = r.stream
             and a.version >= r.expected
           cross join lateral (select greatest(e.version, a.version) as actual offset 0) c
        ) j
      window earlier as (order by j.request)
       order by j.request
    ) p;

  insert into journal.{journal} (position, stream_id, stream_kind, version, event_id, type, type_version, data, meta,
    occurred_at, recorded_at, lane)
  select v_firsts[e.request] + e.nth - 1, p_stream[e.request], p_kind[e.request], v_bases[e.request] + e.nth, e.event, e.type,
         e.type_version, e.data, e.meta, e.occurred, v_times[e.request], p_lane[e.request]
    from (
      -- In the select list, not in from: rows then stream instead of being stored first.
      select unnest(p_request) as request, unnest(p_nth) as nth, unnest(p_event) as event, unnest(p_type) as type,
             unnest(p_type_version) as type_version, unnest(p_data) as data, unnest(p_meta) as meta, unnest(p_occurred) as occurred) e
   where v_firsts[e.request] > 0
     and e.nth between 1 and p_count[e.request];

  -- With the primary key this makes holes impossible, whatever the caller counted.
  get diagnostics v_rows = row_count;
  if v_rows <> v_total or v_counted <> cardinality(p_event) or 0 >= any (p_count) then
    raise exception '% events for % places', v_rows, v_total using errcode = 'invalid_parameter_value';
  end if;

  return query
  select r.request::integer, r.outcome, r.first, r.first + r.count - 1,
         case r.outcome when 'appended' then r.base + r.count else r.base end, r.latest
    from unnest(v_outcomes, v_firsts, v_bases, p_count, v_times) with ordinality
         as r(outcome, first, base, count, latest, request);
end
$append$
$text$, '{parameter}', p_parameter), '{journal}', p_journal), '{name}', p_name), '{lock}', p_lock::text), '{clock}', p_clock);

  -- The short path for one request of one event. Whatever is unusual about it goes the long way, in the same call.
  execute replace(replace(replace(replace(replace(replace($text$
create function journal.{name}(
  p_now            timestamptz,
  p_head           bigint,
  p_stream         uuid,
  p_kind           text,
  p_lane           smallint,
  p_expected       bigint,
  p_seen           bigint,
  p_event          uuid,
  p_type           text,
  p_type_version   integer,
  p_data           json,
  p_meta           json,
  p_occurred       timestamptz{parameter},
  out request      integer,
  out outcome      text,
  out first        bigint,
  out last         bigint,
  out version      bigint,
  out recorded_at  timestamptz)
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $append$
#variable_conflict use_column
declare
  v_last     bigint;
  v_recorded timestamptz;
  v_clock    timestamptz;
  v_actual   bigint;
  v_base     bigint;
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
  perform pg_advisory_xact_lock(1685025651, {lock});

  select e.position, e.recorded_at into v_last, v_recorded
    from journal.{journal} e
   where e.position >= p_head
     and e.position < p_head + 10000
   order by e.position desc
   limit 1;
  v_clock := {clock};
  if v_last < p_head + 9999 and p_seen <= v_last
     and p_occurred <= v_clock + interval '5 seconds'
     and (v_clock <= p_now + interval '10 minutes' or v_clock <= v_recorded + interval '10 minutes') then
    if p_seen < v_last or p_expected < 0 then
      select e.version into v_actual
        from journal.{journal} e
       where e.stream_id = p_stream
         and e.version >= p_expected
         and e.position > p_seen
         and e.position <= v_last
       order by e.version desc
       limit 1;
    end if;
    if v_actual is null and p_expected <= 0 then
      select a.version into v_actual
        from journal.archived_streams a
       where a.journal = '{journal}'
         and a.id = p_stream;
    end if;
    v_base := p_expected;
    if v_base < 0 then
      v_base := coalesce(v_actual, 0);
      v_actual := v_base;
    end if;
    if v_actual = v_base or v_actual is null and (p_seen > 0 or v_base = 0) then
      request := 1;
      outcome := 'appended';
      first := v_last + 1;
      last := first;
      version := v_base + 1;
      recorded_at := greatest(v_clock, v_recorded, p_occurred);
      insert into journal.{journal} (position, stream_id, stream_kind, version, event_id, type, type_version, data, meta,
        occurred_at, recorded_at, lane)
      values (first, p_stream, p_kind, version, p_event, p_type, p_type_version, p_data, p_meta, p_occurred, recorded_at, p_lane);
      return;
    end if;
  end if;

  select a.request, a.outcome, a.first, a.last, a.version, a.recorded_at
    into request, outcome, first, last, version, recorded_at
    from journal.{name}(p_now, p_head, array[p_stream], array[p_kind], array[p_lane], array[p_expected], array[p_seen], array[1],
           array[p_occurred], array[1], array[1], array[p_event], array[p_type], array[p_type_version], array[p_data], array[p_meta],
           array[p_occurred]{argument}) a;
end
$append$
$text$, '{parameter}', p_parameter), '{argument}', case when p_parameter = '' then '' else ', ' || p_clock end),
    '{journal}', p_journal), '{name}', p_name), '{lock}', p_lock::text), '{clock}', p_clock);
end
$make$;
-- +goose StatementEnd

select journal.make_append('append_v1', 'events', 1, '', 'clock_timestamp()');
select journal.make_append('append_access_v1', 'access', 2, '', 'clock_timestamp()');

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
       and p.proname in ('append_v1', 'append_access_v1')
  loop
    execute format('grant execute on function %s to dossier_app', v_function);
  end loop;
end
$$;
-- +goose StatementEnd
