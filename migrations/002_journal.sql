-- +goose Up

-- One row is one fact of business history, for ever. Position is commit order without gaps; only the append function
-- gives it. Unique (stream_id, version) and unique (event_id) stand on each partition: a partitioned table cannot hold them,
-- and across partitions the append lock and the version check rule.
create table journal.events (
  position     bigint      not null,
  stream_id    uuid        not null,
  stream_kind  text        not null,
  version      bigint      not null,
  event_id     uuid        not null,
  type         text        not null,
  type_version integer     not null,
  data         json        not null,  -- json, not jsonb: bytes stay as written, they are what the ledger hashes
  meta         json        not null,
  occurred_at  timestamptz not null,  -- when it was true
  recorded_at  timestamptz not null,  -- when the journal knew it; never decreases along positions
  lane         smallint    not null,
  constraint events_position primary key (position)
) partition by range (position);

create index events_lane on journal.events (lane, position);

-- One row is one access: a read, search, export, reveal or refused command. Kept as long as its rule says.
create table journal.access (
  position     bigint      not null,
  stream_id    uuid        not null,
  stream_kind  text        not null,
  version      bigint      not null,
  event_id     uuid        not null,
  type         text        not null,
  type_version integer     not null,
  data         json        not null,
  meta         json        not null,
  occurred_at  timestamptz not null,
  recorded_at  timestamptz not null,
  lane         smallint    not null,
  constraint access_position primary key (position)
) partition by range (position);

create index access_lane on journal.access (lane, position);

-- One row is one partition ever made: the positions it may hold, both ends included.
create table journal.partitions (
  journal       text        not null,
  from_position bigint      not null,
  to_position   bigint      not null,
  name          text        not null,
  made_at       timestamptz not null default clock_timestamp(),
  constraint partitions_range primary key (journal, from_position)
);

-- One row is one partition that was detached and lives in a file. The journal's base is the greater of the last position
-- and the last to_position.
create table journal.segments (
  journal       text        not null,
  from_position bigint      not null,
  to_position   bigint      not null,
  root          bytea       not null,  -- Merkle root over its leaves
  file          text        not null,
  detached_at   timestamptz not null default clock_timestamp(),
  constraint segments_range primary key (journal, from_position)
);

-- One row is one stream that has events in detached segments, and the version it had reached there.
create table journal.archived_streams (
  journal text   not null,
  id      uuid   not null,
  version bigint not null,
  constraint archived_streams_id primary key (journal, id)
);

-- One row is one number the owner may choose.
create table journal.settings (
  name  text   not null,
  value bigint not null,
  constraint settings_name primary key (name)
);
insert into journal.settings values ('partition_size', 1000000);

-- +goose StatementBegin
create function journal.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '% on %.% refused: the journal is append-only', lower(tg_op), tg_table_schema, tg_table_name
    using errcode = 'object_not_in_prerequisite_state';
end
$$;
-- +goose StatementEnd

create trigger append_only before update or delete or truncate on journal.events
  for each statement execute function journal.refuse_change();
create trigger append_only before update or delete or truncate on journal.access
  for each statement execute function journal.refuse_change();

grant select on journal.events, journal.access, journal.partitions, journal.segments, journal.archived_streams to dossier_app;
