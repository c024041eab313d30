-- +goose Up

-- How a person was put into vault.tokens: 1 by each word of its name, 2 by each two of them too. Who is in as before is put in anew by the
-- program.
alter table vault.keys add column indexed smallint not null default 1;
create index keys_indexed on vault.keys (owner) where kind = 'person' and indexed < 2;
grant update (indexed) on vault.keys to dossier_app;
