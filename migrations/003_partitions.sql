-- +goose Up

-- Makes sure that the partition of p_through (or of the next event) and two more after it exist; returns how many it made.
-- A new partition is built apart and then attached: that lock does not stand in the way of appends, `partition of` would.
-- +goose StatementBegin
create function journal.make_partitions_v1(p_journal text, p_through bigint default 0) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
set enable_seqscan = off
as $$
declare
  v_size bigint := (select value from journal.settings where name = 'partition_size');
  v_head bigint;
  v_top  bigint;
  v_name text;
  v_made integer := 0;
begin
  if p_journal is null or p_journal not in ('events', 'access') then
    raise exception 'no journal named %', p_journal using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(1685025651, case p_journal when 'events' then 11 else 12 end);

  execute format('select coalesce(max(position), 0) from journal.%I', p_journal) into v_head;
  if p_through > v_head + 100 * v_size then
    raise exception 'position % is too far ahead of %', p_through, v_head using errcode = 'invalid_parameter_value';
  end if;
  v_head := greatest(v_head, p_through, 1);

  loop
    exit when (select count(*) >= 2 from journal.partitions where journal = p_journal and from_position > v_head);
    v_top := coalesce((select max(to_position) from journal.partitions where journal = p_journal), 0);
    v_name := format('%s_p%s', p_journal, lpad((v_top + 1)::text, 15, '0'));

    execute format('create table journal.%I (like journal.%I including all)', v_name, p_journal);
    execute format('alter table journal.%I add constraint %I unique (stream_id, version), add constraint %I unique (event_id)',
      v_name, v_name || '_version', v_name || '_event');
    execute format('create trigger append_only before update or delete or truncate on journal.%I '
      'for each statement execute function journal.refuse_change()', v_name);
    execute format('alter table journal.%I attach partition journal.%I for values from (%s) to (%s)',
      p_journal, v_name, v_top + 1, v_top + v_size + 1);
    insert into journal.partitions (journal, from_position, to_position, name)
    values (p_journal, v_top + 1, v_top + v_size, v_name);
    v_made := v_made + 1;
  end loop;
  return v_made;
end
$$;
-- +goose StatementEnd

revoke all on function journal.make_partitions_v1(text, bigint) from public;
grant execute on function journal.make_partitions_v1(text, bigint) to dossier_app;

select journal.make_partitions_v1('events');
select journal.make_partitions_v1('access');
