-- +goose Up

-- One row is one stream that has events in one full partition, and the last version it has there. A stream is looked for in the
-- partitions that it stands in and in those that are not listed yet, however many there are. Written once for each partition,
-- away from the appends; it stays true when the partition is detached.
create table journal.events_streams (
  stream_id     uuid   not null,
  from_position bigint not null,  -- of the partition
  version       bigint not null,
  constraint events_streams_place primary key (stream_id, from_position)
);

create table journal.access_streams (
  stream_id     uuid   not null,
  from_position bigint not null,
  version       bigint not null,
  constraint access_streams_place primary key (stream_id, from_position)
);

-- Vacuumed after each partition, so that the index alone answers.
alter table journal.events_streams set (autovacuum_vacuum_insert_scale_factor = 0);
alter table journal.access_streams set (autovacuum_vacuum_insert_scale_factor = 0);

grant select on journal.events_streams, journal.access_streams to dossier_app;

-- When its streams were listed there, or in archived_streams. Partitions are listed in their order.
alter table journal.partitions add column listed_at timestamptz;
create index partitions_unlisted on journal.partitions (journal, from_position) where listed_at is null;

update journal.partitions p set listed_at = s.detached_at
  from journal.segments s
 where s.journal = p.journal
   and s.from_position = p.from_position;

-- Lists the streams of the oldest full partition that is not listed; returns how many partitions it listed. Another session's
-- work is not waited for: archiving waits for those who read the journal.
-- +goose StatementBegin
create function journal.list_streams_v1(p_journal text) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_head bigint;
  v_from bigint;
  v_name text;
begin
  if p_journal is null or p_journal not in ('events', 'access') then
    raise exception 'no journal named %', p_journal using errcode = 'invalid_parameter_value';
  end if;
  if not pg_try_advisory_xact_lock(1685025651, case p_journal when 'events' then 13 else 14 end) then
    return 0;
  end if;

  execute format('select position from journal.%I order by position desc limit 1', p_journal) into v_head;
  select p.from_position, p.name
    into v_from, v_name
    from journal.partitions p
   where p.journal = p_journal
     and p.listed_at is null
     and p.to_position <= v_head
   order by p.from_position
   limit 1;
  if v_from is null then
    return 0;
  end if;

  execute format('insert into journal.%I (stream_id, from_position, version) '
    'select e.stream_id, %s, max(e.version) from journal.%I e group by e.stream_id', p_journal || '_streams', v_from, v_name);
  update journal.partitions set listed_at = clock_timestamp() where journal = p_journal and from_position = v_from;
  return 1;
end
$$;
-- +goose StatementEnd

-- Writes the text of a function that reads whole streams, or their events after a version, up to a position. Each stream's events
-- come in order; the streams are mixed.
-- +goose StatementBegin
create function journal.make_reading(p_name text, p_journal text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $make$
begin
  execute replace(replace($text$
create function journal.{name}(p_streams uuid[], p_after bigint, p_through bigint) returns setof journal.{journal}
language plpgsql
stable
-- Without sorting only the index of streams and versions gives the order below; the planner would else take that of positions as
-- long as a partition looks small.
set plan_cache_mode = force_generic_plan
set enable_sort = off
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $read$
declare
  v_listed bigint;
  v_place  record;
begin
  v_listed := coalesce((
    select p.from_position - 1
      from journal.partitions p
     where p.journal = '{journal}'
       and p.listed_at is null
     order by p.from_position
     limit 1), p_through);

  if v_listed > 0 then
    for v_place in
      select s.from_position, array_agg(s.stream_id) as streams,
             (select p.to_position
                from journal.partitions p
               where p.journal = '{journal}'
                 and p.from_position = s.from_position) as to_position
        from journal.{journal}_streams s
       where s.stream_id = any (p_streams)
         and s.from_position <= v_listed
       group by s.from_position
       order by s.from_position
    loop
      return query
      select e.position, e.stream_id, e.stream_kind, e.version, e.event_id, e.type, e.type_version, e.data, e.meta, e.occurred_at,
             e.recorded_at, e.lane
        from journal.{journal} e
       where e.stream_id = any (v_place.streams)
         and e.version > p_after
         and e.position >= v_place.from_position
         and e.position <= least(v_place.to_position, p_through)
       order by e.stream_id, e.version;
    end loop;
  end if;

  return query
  select e.position, e.stream_id, e.stream_kind, e.version, e.event_id, e.type, e.type_version, e.data, e.meta, e.occurred_at,
         e.recorded_at, e.lane
    from journal.{journal} e
   where e.stream_id = any (p_streams)
     and e.version > p_after
     and e.position > v_listed
     and e.position <= p_through
   order by e.stream_id, e.version;
end
$read$
$text$, '{journal}', p_journal), '{name}', p_name);
end
$make$;
-- +goose StatementEnd

select journal.make_reading('read_events_v1', 'events');
select journal.make_reading('read_access_v1', 'access');

revoke all on all functions in schema journal from public;
grant execute on function journal.list_streams_v1(text), journal.read_events_v1(uuid[], bigint, bigint),
  journal.read_access_v1(uuid[], bigint, bigint) to dossier_app;
