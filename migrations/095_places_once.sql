-- +goose Up

-- A row names its set of places, and what the set holds stands in views.place_sets alone: each row said it again, and Postgres wrote it again with
-- every event.

-- A table that is kept from before the last rebuild has the column.
drop table if exists views.dossiers_v1_old;
drop table if exists views.dossiers_v1_next;
delete from views.rebuilt_parts;
delete from views.rebuilds where not built or projection = 'dossiers_v1';

alter table views.dossiers_v1 drop column places;
