-- +goose Up

-- Moves projections in lanes by compare-and-set, all or none: one element for each move. Lanes ascend, so that two movers
-- meet at the first lane they share and never wait in a circle. The second of them waits here until the first has
-- committed; then its move is not there to be made. A mover that comes later still finds a newer row than the one it read.
--
-- What only a message told must be in the journal at its position: the database may have been restored without the relay
-- having found out yet. In one function with the move, because each call of a small transaction costs as much as its work.
-- +goose StatementBegin
create function views.move_v2(
  p_projection    text[],
  p_lane          smallint[],
  p_previous      bigint[],
  p_position      bigint[],
  -- one element for each event that was told
  p_told_position bigint[],
  p_told_event    uuid[])
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
  v_count integer;
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
  get diagnostics v_count = row_count;
  if v_count <> cardinality(p_lane) then
    raise exception 'another process has moved % of % lanes', cardinality(p_lane) - v_count, cardinality(p_lane)
      using errcode = 'DP001';
  end if;

  if cardinality(p_told_event) > 0 then
    select count(*) into v_count
      from unnest(p_told_position, p_told_event) as d(position, event)
      join journal.events e on e.position = d.position
     where e.event_id = d.event;
    if v_count <> cardinality(p_told_event) then
      raise exception '% of % events are not in the journal', cardinality(p_told_event) - v_count, cardinality(p_told_event)
        using errcode = 'DP002';
    end if;
  end if;
end
$$;
-- +goose StatementEnd

revoke all on function views.move_v2(text[], smallint[], bigint[], bigint[], bigint[], uuid[]) from public;
grant execute on function views.move_v2(text[], smallint[], bigint[], bigint[], bigint[], uuid[]) to dossier_app;

-- A process of the version before, which may still run beside this one, calls views.move_v1 and views.confirm_v1.
