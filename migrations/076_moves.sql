-- +goose Up

-- What views.move_v3 does, and is told where the newest checkpoint begins as far as the mover knows. A walk down the index reads all of a
-- page that may be meant: of a projection and lane, up to 200 rows that nobody has swept yet, which cost more than the rest of a move.
-- With a bound it reads one. A bound that is too low costs time and nothing else; one that is too high finds nothing and refuses.
--
-- Moves projections in lanes by compare-and-set, all or none: one element for each move. Lanes ascend, so that two movers
-- meet at the first lane they share and never wait in a circle. The second of them waits here until the first has
-- committed; then its row is there already (checkpoints_moved_once). A mover that comes later finds a newer row than the one
-- it read.
--
-- What only a message told must be in the journal at its position. Told events stand close together as a rule: then they are
-- given as a run, from the position of the first on and all zeros where nothing was told, and one walk over it costs a fraction
-- of looking for each.
-- +goose StatementBegin
create function views.move_v4(
  p_projection    text[],
  p_lane          smallint[],
  p_newest        bigint[],  -- no checkpoint that begins before this is the newest; 0: not known
  p_previous      bigint[],
  p_position      bigint[],
  p_told          integer,   -- events that were told
  p_told_position bigint[],  -- of each; of the first alone when they are given as a run
  p_told_event    uuid[])
returns void
language plpgsql
volatile
as $$
declare
  v_count integer;
begin
  insert into views.checkpoints (projection, lane, previous, position)
  select m.projection, m.lane, m.previous, m.position
    from unnest(p_projection, p_lane, p_newest, p_previous, p_position) as m(projection, lane, newest, previous, position)
   where m.previous = coalesce((
           select c.position
             from views.checkpoints c
            where c.projection = m.projection
              and c.lane = m.lane
              and c.previous >= m.newest
            order by c.previous desc
            limit 1), 0)
   order by m.lane, m.projection;
  get diagnostics v_count = row_count;
  if v_count <> cardinality(p_lane) then
    raise exception 'another process has moved % of % lanes', cardinality(p_lane) - v_count, cardinality(p_lane)
      using errcode = 'DP001';
  end if;

  if cardinality(p_told_position) = 1 then
    select count(*) into v_count
      from journal.events e
     where e.position >= p_told_position[1]
       and e.position < p_told_position[1] + cardinality(p_told_event)
       and e.event_id = p_told_event[(e.position - p_told_position[1])::integer + 1];
  else
    select count(*) into v_count
      from unnest(p_told_position, p_told_event) as d(position, event)
      join journal.events e on e.position = d.position
     where e.event_id = d.event;
  end if;
  if v_count <> p_told then
    raise exception '% of % events are not in the journal', p_told - v_count, p_told
      using errcode = 'DP002';
  end if;
end
$$;
-- +goose StatementEnd

revoke all on function views.move_v4(text[], smallint[], bigint[], bigint[], bigint[], integer, bigint[], uuid[]) from public;
grant execute on function views.move_v4(text[], smallint[], bigint[], bigint[], bigint[], integer, bigint[], uuid[]) to dossier_app;

-- A process of the version before, which may still run beside this one, calls views.move_v3.
