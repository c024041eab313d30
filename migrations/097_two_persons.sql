-- +goose Up

-- What a system administrator gives others to come in by, a key or a link, counts once somebody else has confirmed it: nobody lets himself in as another.
-- What the operator gives, who owns this database, counts at once; so does what was given before.
alter table identity.keys add column waits boolean not null default false;
comment on column identity.keys.waits is 'counts only once it stands in identity.confirmed_keys';

alter table identity.keys add constraint keys_maker unique (prefix, made_by);

-- One row says that somebody other than its maker knows of a key. Nobody takes that back: a key is ended by revoking it.
create table identity.confirmed_keys (
  prefix       text        not null,
  made_by      text        not null,
  confirmed_by text        not null,
  confirmed_at timestamptz not null,
  constraint confirmed_keys_prefix primary key (prefix),
  constraint confirmed_keys_known foreign key (prefix, made_by) references identity.keys (prefix, made_by),
  constraint confirmed_keys_another check (confirmed_by <> made_by)
);

create trigger append_only before update or delete or truncate on identity.confirmed_keys
  for each statement execute function journal.refuse_change();
grant select, insert on identity.confirmed_keys to dossier_app;

alter table identity.subjects
  add column made_by      text not null default '',  -- who linked it; of who files, nobody
  add column waits        boolean not null default false,
  add column confirmed_by text,
  add constraint subjects_another check (confirmed_by <> made_by);
grant update (confirmed_by) on identity.subjects to dossier_app;
