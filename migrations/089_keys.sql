-- +goose Up

-- Who calls: keys of programs, and sessions of people. Nothing in here lets one in: of each secret there is only a hash.
create schema identity;
grant usage on schema identity to dossier_app;

-- One row is one key by which a program calls: whom it acts as, what it may do, from where and until when.
create table identity.keys (
  prefix     text        not null,  -- how people name it; the secret comes behind it
  hash       bytea       not null,  -- SHA-256 of the secret, which is 32 random bytes
  label      text        not null,
  account    text        not null,
  role       text        not null,
  unit       text        not null,
  scopes     text[]      not null,
  networks   cidr[]      not null,  -- none: from everywhere
  made_by    text        not null,
  made_at    timestamptz not null,
  expires_at timestamptz not null,
  constraint keys_prefix primary key (prefix),
  constraint keys_hash check (length(hash) = 32),
  constraint keys_scoped check (cardinality(scopes) > 0),
  constraint keys_expire check (expires_at > made_at)
);

create trigger append_only before update or delete or truncate on identity.keys
  for each statement execute function journal.refuse_change();

-- One row says that a key counts no longer. Nobody takes that back.
create table identity.revoked_keys (
  prefix     text        not null,
  revoked_by text        not null,
  revoked_at timestamptz not null,
  constraint revoked_keys_prefix primary key (prefix),
  constraint revoked_keys_known foreign key (prefix) references identity.keys (prefix)
);

create trigger append_only before update or delete or truncate on identity.revoked_keys
  for each statement execute function journal.refuse_change();

-- One row is about when, and from where, a key was used last.
create table identity.key_uses (
  prefix    text        not null,
  used_at   timestamptz not null,
  used_from inet        not null,
  constraint key_uses_prefix primary key (prefix),
  constraint key_uses_known foreign key (prefix) references identity.keys (prefix)
);

grant select, insert on identity.keys, identity.revoked_keys, identity.key_uses to dossier_app;
grant update (used_at, used_from) on identity.key_uses to dossier_app;
