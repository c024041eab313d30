-- +goose Up

-- What every projection shares: how far it has come in each lane, and the streams that it could not follow.

-- One row is one move of a projection in a lane: from previous to position, and all events between are in. Rows are only
-- inserted and the newest counts; whoever inserts a previous first has made the move, so of two who read the same newest
-- row only one goes on. A row updated by each transaction would bloat and slow everything while one long snapshot is open;
-- old rows are deleted in the background.
create table views.checkpoints (
  projection text        not null,
  lane       smallint    not null,
  previous   bigint      not null,
  position   bigint      not null,
  moved_at   timestamptz not null default clock_timestamp(),
  constraint checkpoints_moved_once primary key (projection, lane, previous),
  constraint checkpoints_forward check (position > previous)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- One row is one stream that a projection could not follow: its events from position on are not in its rows.
create table views.parked (
  projection text        not null,
  stream_id  uuid        not null,
  lane       smallint    not null,
  position   bigint      not null,
  error      text        not null,
  attempts   integer     not null default 1,
  parked_at  timestamptz not null default clock_timestamp(),
  retry_at   timestamptz not null,
  constraint parked_stream primary key (projection, stream_id)
);

-- The functions below pin the planner: plans made while a table was empty would stay sequential scans when it is not.

-- Where each projection stands in each of the 64 lanes.
-- +goose StatementBegin
create function views.newest_v1(p_projections text[])
returns table (projection text, lane smallint, at bigint, moved_at timestamptz)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  select p.name, l.lane::smallint, coalesce(c.position, 0), c.moved_at
    from unnest(p_projections) as p(name)
   cross join generate_series(0, 63) as l(lane)
    left join lateral (
      select n.position, n.moved_at
        from views.checkpoints n
       where n.projection = p.name
         and n.lane = l.lane
       order by n.previous desc
       limit 1) c on true;
end
$$;
-- +goose StatementEnd

-- For each of the lanes, up to where all of the projections have it, and the first event of the lane after that (null: none).
-- +goose StatementBegin
create function views.unseen_v1(p_projections text[], p_lanes smallint[])
returns table (lane smallint, at bigint, next bigint)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  return query
  select l.lane, c.at, e.position
    from unnest(p_lanes) as l(lane)
   cross join lateral (
      select min(coalesce(n.position, 0)) as at
        from unnest(p_projections) as p(name)
        left join lateral (
          select r.position
            from views.checkpoints r
           where r.projection = p.name
             and r.lane = l.lane
           order by r.previous desc
           limit 1) n on true) c
    left join lateral (
      select j.position
        from journal.events j
       where j.lane = l.lane
         and j.position > c.at
       order by j.position
       limit 1) e on true;
end
$$;
-- +goose StatementEnd

-- What the projections are true at together: position, when that event was recorded, the journal's head, how long the oldest
-- event that is missing has waited, and how many streams stand still.
-- +goose StatementBegin
create function views.stamp_v1(p_projections text[])
returns table (at bigint, recorded_at timestamptz, head bigint, lag interval, parked bigint)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_column
begin
  select e.position into head
    from journal.events e
   order by e.position desc
   limit 1;
  head := coalesce(head, 0);
  select coalesce(min(u.next) - 1, head) into at
    from views.unseen_v1(p_projections, array(select l::smallint from generate_series(0, 63) as l)) u;
  select e.recorded_at into recorded_at
    from journal.events e
   where e.position = at;
  select clock_timestamp() - e.recorded_at into lag
    from journal.events e
   where e.position = at + 1;
  select count(*) into parked
    from (
      select distinct p.stream_id
        from views.parked p
       where p.projection = any (p_projections)) s;
  return next;
end
$$;
-- +goose StatementEnd

-- Moves projections in lanes by compare-and-set, all or none: one element for each move. Lanes ascend, so that two movers
-- meet at the first lane they share and never wait in a circle. The second of them waits here until the first has
-- committed; then its move is not there to be made. A mover that comes later still finds a newer row than the one it read.
-- +goose StatementBegin
create function views.move_v1(p_projection text[], p_lane smallint[], p_previous bigint[], p_position bigint[]) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set jit = off
as $$
declare
  v_moved integer;
begin
  insert into views.checkpoints (projection, lane, previous, position)
  select m.projection, m.lane, m.previous, m.position
    from unnest(p_projection, p_lane, p_previous, p_position) as m(projection, lane, previous, position)
   where m.previous = coalesce((
           select c.position
             from views.checkpoints c
            where c.projection = m.projection
              and c.lane = m.lane
            order by c.previous desc
            limit 1), 0)
   order by m.lane, m.projection
  on conflict do nothing;
  get diagnostics v_moved = row_count;
  if v_moved <> cardinality(p_lane) then
    raise exception 'another process has moved % of % lanes', cardinality(p_lane) - v_moved, cardinality(p_lane)
      using errcode = 'DP001';
  end if;
end
$$;
-- +goose StatementEnd

-- Raises unless all of these streams are still parked, and keeps them so until the end of the transaction: a retry takes a
-- stream up again only after a transaction that left its events out has committed, and then finds the checkpoint that says so.
-- +goose StatementBegin
create function views.still_parked_v1(p_projection text, p_streams uuid[]) returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform
     from views.parked p
    where p.projection = p_projection
      and p.stream_id = any (p_streams)
      for share;
  if (select count(*) from views.parked p where p.projection = p_projection and p.stream_id = any (p_streams)) <> cardinality(p_streams) then
    raise exception 'another process has taken up a parked stream'
      using errcode = 'DP001';
  end if;
end
$$;
-- +goose StatementEnd

-- Raises unless the journal has each of these events at its position. A message may tell of an event that is gone: the
-- database was restored, and the relay has not found out yet.
-- +goose StatementBegin
create function views.confirm_v1(p_position bigint[], p_event uuid[]) returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_known integer;
begin
  select count(*) into v_known
    from unnest(p_position, p_event) as d(position, event)
    join journal.events e on e.position = d.position
   where e.event_id = d.event;
  if v_known <> cardinality(p_event) then
    raise exception '% of % events are not in the journal', cardinality(p_event) - v_known, cardinality(p_event)
      using errcode = 'DP002';
  end if;
end
$$;
-- +goose StatementEnd

revoke all on all functions in schema views from public;
grant execute on all functions in schema views to dossier_app;
grant select, insert, delete on views.checkpoints to dossier_app;
grant select, insert, update, delete on views.parked to dossier_app;
