-- +goose Up

-- One row is a log-in under way, from the moment the browser is sent to the issuer until it comes back, once.
create table identity.logins (
  state    bytea       not null,  -- SHA-256 of what the issuer gives back
  browser  bytea       not null,  -- SHA-256 of the cookie of who began it
  nonce    text        not null,
  verifier text        not null,
  next     text        not null,  -- the page to come back to
  made_at  timestamptz not null,
  constraint logins_state primary key (state)
);
create index logins_made on identity.logins (made_at);
grant select, insert, delete on identity.logins to dossier_app;

-- One row is whom a subject of an issuer stands for here: an account of the organisation, or a citizen or organisation that files. The subject
-- may be a number of a person, so only a keyed hash is kept, under the index key of the vault.
create table identity.subjects (
  subject bytea       not null,
  account text        not null,
  kind    text        not null,
  level   text        not null,  -- how sure the issuer was at the last log-in of who it is
  person  uuid,                  -- of who files: the stream of the person
  made_at timestamptz not null,
  constraint subjects_subject primary key (subject),
  constraint subjects_kind check (kind in ('staff', 'citizen', 'organisation')),
  constraint subjects_person check ((person is null) = (kind = 'staff'))
);
create index subjects_account on identity.subjects (account);
create index subjects_person_of on identity.subjects (person) where person is not null;
grant select, insert, delete on identity.subjects to dossier_app;
grant update (level, kind) on identity.subjects to dossier_app;

-- One row is somebody who is signed in, in one browser.
create table identity.sessions (
  hash       bytea       not null,  -- SHA-256 of the cookie
  account    text        not null,
  role       text        not null,
  unit       text        not null,
  level      text        not null,
  made_at    timestamptz not null,
  seen_at    timestamptz not null,  -- to a minute
  expires_at timestamptz not null,
  constraint sessions_hash primary key (hash)
);
create index sessions_account on identity.sessions (account);
create index sessions_expire on identity.sessions (expires_at);
grant select, insert, delete on identity.sessions to dossier_app;
grant update (role, unit, seen_at) on identity.sessions to dossier_app;

-- Who is erased can no longer sign in as before: the next log-in of the same subject is somebody new.
-- +goose StatementBegin
create function identity.forget_erased() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from identity.sessions
   where account in (select account from identity.subjects where person = new.person);
  delete from identity.subjects
   where person = new.person;
  return new;
end
$$;
-- +goose StatementEnd

create trigger forget_identity after insert on vault.erasures
  for each row execute function identity.forget_erased();
