-- +goose Up

-- Dossiers have few different sets of places. A row names its set, by a hash of its places, and what somebody sees is a list of sets: indexes
-- that hold the set answer lists and counts without looking at rows. Nothing is ever taken out of the table of sets.
create table views.place_sets (
  id     bigint not null primary key,
  places text[] not null
);
comment on table views.place_sets is 'sets of units and agencies that have a part in dossiers; 0, that of none, is not in it';
grant select, insert on views.place_sets to dossier_app;

alter table views.dossiers_v1 add column place_set bigint not null default 0;
comment on column views.dossiers_v1.place_set is 'the first 8 bytes of the SHA-256 of the places, a space between them; 0 while there are none';

create function pg_temp.place_set(p_places text[]) returns bigint language sql immutable as $$
  select case when p_places = '{}' then 0
         else ('x' || encode(substring(sha256(convert_to(array_to_string(p_places, ' '), 'UTF8')) from 1 for 8), 'hex'))::bit(64)::bigint end
$$;
set local dossier.projector = 'on'; -- these are no changes by hand
update views.dossiers_v1 set place_set = pg_temp.place_set(places) where places <> '{}';
insert into views.place_sets (id, places)
select distinct d.place_set, d.places from views.dossiers_v1 d where d.place_set <> 0;

-- A table that is kept from before the last rebuild has no sets.
drop table if exists views.dossiers_v1_old;
drop table if exists views.dossiers_v1_next;
delete from views.rebuilt_parts;
delete from views.rebuilds where not built or projection = 'dossiers_v1';

drop index views.dossiers_v1_updated;
create index dossiers_v1_updated on views.dossiers_v1 (updated_at, id) include (place_set);
drop index views.dossiers_v1_due;
create index dossiers_v1_due on views.dossiers_v1 (due, id) include (place_set) where due < 'infinity';
drop index views.dossiers_v1_status;
create index dossiers_v1_status on views.dossiers_v1 (status, updated_at, id) include (place_set);
drop index views.dossiers_v1_procedure;
create index dossiers_v1_procedure on views.dossiers_v1 (procedure, updated_at, id) include (place_set);
-- A unit's worklist: by status and due date. Without a status it is sorted, which the included time makes cheap.
drop index views.dossiers_v1_unit;
create index dossiers_v1_unit on views.dossiers_v1 (unit, status, due, id) include (updated_at, place_set) where unit <> '';
