-- +goose Up

-- A table that is kept from before the last rebuild lacks the index.
drop table if exists views.dossiers_v1_old;
drop table if exists views.dossiers_v1_next;
delete from views.rebuilt_parts;
delete from views.rebuilds where not built or projection = 'dossiers_v1';

-- Who sees little of much reads set by set, each from its newest: by time alone an agency that has been quiet walks past all that is newer and
-- none of its own. Its totals and counts by status come from the same entries.
create index dossiers_v1_place_set on views.dossiers_v1 (place_set, updated_at, id) include (status);

-- What an index says is believed without a look at the row only where vacuum has been: at every twentieth of the table, not at every fifth.
alter table views.dossiers_v1 set (autovacuum_vacuum_scale_factor = 0.05);
