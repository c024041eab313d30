-- +goose Up

-- Where a dossier has a part: units and agencies. An agency's staff are shown the rows that name a place of their own; which unit is of which
-- agency is the organisation's to say, and may change without a row being written.
alter table views.dossiers_v1 add column places text[] not null default '{}';
comment on column views.dossiers_v1.places is 'units and agencies that have a part in the dossier, in order; {} while none has';

-- A table that is kept from before the last rebuild must take the same rows.
alter table if exists views.dossiers_v1_old add column places text[] not null default '{}';
alter table if exists views.dossiers_v1_next add column places text[] not null default '{}';
delete from views.rebuilt_parts;
delete from views.rebuilds where not built;

-- As State.Places has it.
create function pg_temp.places(p_state json) returns text[] language sql immutable as $$
  select coalesce(array_agg(distinct p.place collate "C" order by p.place collate "C"), '{}')
    from (
      select p_state ->> 'filed_at'
       union all select p_state ->> 'unit'
       union all select p_state -> 'agencies' ->> 'support'
       union all select p_state -> 'agencies' ->> 'competent'
       union all select t ->> 'to' from json_array_elements(p_state -> 'transfers') t where t ->> 'refused' is null
       union all select o ->> 'unit' from json_array_elements(p_state -> 'opinions') o
       union all select w ->> 'unit' from json_array_elements(p_state -> 'works') w
    ) as p(place)
   where p.place <> ''
$$;
set local dossier.projector = 'on'; -- these are no changes by hand
update views.dossiers_v1 set places = pg_temp.places(state);

-- Applicants are shown who opened their dossier.
create index access_dossier on journal.access ((data ->> 'dossier'), position) where data ->> 'dossier' is not null;
