-- +goose Up

-- A rebuild makes a projection's table anew beside the live one, as the owner, and then changes their names. These two tables
-- let it go on where it was stopped, and let the old table be caught up when the change is taken back.

-- One row is one table beside the live one: what it is true at, lane by lane.
create table views.rebuilds (
  projection text        not null,
  standby    text        not null,  -- the table: the projection's with _next while it is built, with _old after the change
  at         bigint[]    not null,  -- 64 positions, lane 0 first
  parked     uuid[]      not null default '{}',  -- streams that end early in it, because the live table could not follow them
  built      boolean     not null default false,
  started_at timestamptz not null default clock_timestamp(),
  constraint rebuilds_standby primary key (standby)
);

-- One row is one share of the streams, by the first byte of their ids, whose rows are all in the table that is being built.
create table views.rebuilt_parts (
  standby text     not null,
  part    smallint not null,
  events  bigint   not null,
  constraint rebuilt_parts_part primary key (standby, part)
);

grant select on views.rebuilds, views.rebuilt_parts to dossier_app;
