-- +goose Up

-- One row is one file, on its way in or there. What it says of itself (its name, its plain hash) is sealed under the file's own key, which is
-- wrapped under the key of the dossier; the content lies in the blob store, encrypted under the same.
create table vault.files (
  file        uuid        not null,
  dossier     uuid        not null,
  owner       uuid        not null,  -- whose key wraps this file's
  wrapped     bytea       not null,
  sealed      bytea       not null,  -- name, and once all is there SHA-256 and salt
  size        bigint      not null,  -- as announced; no byte more is taken
  state       text        not null,
  reason      text        not null default '',  -- why it was refused: a code
  media       text        not null default '',
  commitment  text        not null default '',
  component   text        not null default '',
  account     text        not null,  -- who uploads it
  role        text        not null,
  unit        text        not null,
  uploaded_at timestamptz not null default clock_timestamp(),
  constraint files_file primary key (file),
  constraint files_state check (state in ('uploading', 'scanning', 'clean', 'infected', 'refused')),
  constraint files_size check (size > 0)
);
create index files_dossier on vault.files (dossier);
create index files_coming on vault.files (uploaded_at) where state in ('uploading', 'scanning');

-- One row is one part of a file: where its ciphertext lies and which bytes of the file it holds. Rows are inserted once the part is durable,
-- so the end of the last one is where an upload goes on; of two who send the same part the first one counts.
create table vault.file_parts (
  file    uuid        not null,
  number  integer     not null,  -- from 1
  begins  bigint      not null,
  size    bigint      not null,
  blob    text        not null,
  made_at timestamptz not null default clock_timestamp(),
  constraint file_parts_number primary key (file, number),
  constraint file_parts_file foreign key (file) references vault.files (file) on delete cascade,
  constraint file_parts_size check (size > 0 and begins >= 0 and number > 0)
);

grant select, insert, delete on vault.files, vault.file_parts to dossier_app;
grant update (sealed, state, reason, media, commitment) on vault.files to dossier_app;
