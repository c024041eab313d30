-- +goose Up

-- One row is a person whose erasure was decided and is not done: what a crash between the journal's word and the vault's act leaves.
create table vault.erasing (
  person uuid        not null,
  since  timestamptz not null default clock_timestamp(),
  constraint erasing_person primary key (person)
);
grant select, insert, delete on vault.erasing to dossier_app;
