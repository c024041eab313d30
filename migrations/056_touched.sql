-- +goose Up

-- One row is one stream whose rows in a projection's table somebody changed who is no projector. The check looks at these first, so a
-- row changed by hand is reported within seconds however many rows there are; it takes away what is as a fold says.
create table views.touched (
  projection text        not null,  -- its table
  stream_id  uuid        not null,
  touched_by text        not null,
  touched_at timestamptz not null,
  constraint touched_stream primary key (projection, stream_id)
);

-- Whoever fills the tables says so in its session (projections/apply.go) and costs nothing here but the look at that.
-- +goose StatementBegin
create function views.touch_v1() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into views.touched (projection, stream_id, touched_by, touched_at)
  select tg_table_name, s.id, session_user, clock_timestamp()
    from (select old.id where tg_op <> 'INSERT' union select new.id where tg_op <> 'DELETE') s(id)
      on conflict on constraint touched_stream do update
     set touched_by = excluded.touched_by, touched_at = excluded.touched_at;
  return null;
end
$$;
-- +goose StatementEnd

create trigger touch after insert or update or delete on views.dossiers_v1
  for each row when (current_setting('dossier.projector', true) is distinct from 'on') execute function views.touch_v1();
create trigger touch after insert or update or delete on views.dossier_versions_v1
  for each row when (current_setting('dossier.projector', true) is distinct from 'on') execute function views.touch_v1();
create trigger touch after insert or update or delete on views.history_v1
  for each row when (current_setting('dossier.projector', true) is distinct from 'on') execute function views.touch_v1();

revoke all on function views.touch_v1() from public;
grant select, delete on views.touched to dossier_app;
