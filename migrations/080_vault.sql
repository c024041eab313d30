-- +goose Up

-- The vault: everything personal, and every text that a person typed, encrypted under a key per person or dossier. Events hold references
-- and commitments. Whoever destroys a key erases what lies under it, here, in every copy and in every backup, and nothing else.
create schema vault;
grant usage on schema vault to dossier_app;

-- One row is one secret from which the keys of a person or of a dossier follow, wrapped by a key that is not in the database.
create table vault.keys (
  owner     uuid        not null,
  kind      text        not null,             -- person, dossier, index
  person    uuid,                             -- of a dossier: the person it is about
  wrapped   bytea       not null,
  kek       text        not null,             -- fingerprint of the key that wraps it
  made_at   timestamptz not null default clock_timestamp(),
  constraint keys_owner primary key (owner),
  constraint keys_kind check (kind in ('person', 'dossier', 'index'))
);
create index keys_person on vault.keys (person) where person is not null;
create index keys_kek on vault.keys (kek);

-- One row is what is known of a person, as of one version. A correction is a new version.
create table vault.persons (
  person  uuid   not null,
  version bigint not null,
  sealed  bytea  not null,
  constraint persons_version primary key (person, version)
);

-- One row is one word, number or address under which a person is found: keyed hashes, of the person's newest version.
create table vault.tokens (
  token  bytea    not null,
  kind   smallint not null,
  person uuid     not null,
  constraint tokens_token primary key (token, person)
);
create index tokens_person on vault.tokens (person);

-- One row is one text that a person typed.
create table vault.texts (
  ref     uuid  not null,
  owner   uuid  not null,  -- whose key it lies under
  stream  uuid  not null,  -- of the dossier whose event points to it
  sealed  bytea not null,
  made_at timestamptz not null default clock_timestamp(),
  constraint texts_ref primary key (ref)
);
create index texts_owner on vault.texts (owner);
create index texts_stream on vault.texts (stream);

-- One row is one owner whose key and ciphertext are gone.
create table vault.erasures (
  owner     uuid        not null,
  person    uuid        not null,
  erased_at timestamptz not null default clock_timestamp(),
  persons   bigint      not null,  -- versions that went
  texts     bigint      not null,
  constraint erasures_owner primary key (owner)
);

grant select, insert on vault.keys, vault.persons, vault.tokens, vault.texts, vault.erasures to dossier_app;
grant update (wrapped, kek) on vault.keys to dossier_app;
grant delete on vault.keys, vault.persons, vault.tokens, vault.texts to dossier_app;
