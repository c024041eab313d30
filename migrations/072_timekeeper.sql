-- +goose Up

-- One row is one heartbeat of the process that fires timers: until when it holds the lease by this database's clock, how many timers are
-- used up and not told, since when the oldest of them has waited, and what keeps it from telling. Rows are only inserted and the newest
-- counts, as with the relay's: of two who take the lease at one moment only one inserts the next number. Old rows are deleted.
create table views.timekeeper_beats (
  beat       bigint      not null,
  epoch      bigint      not null,  -- one time of holding the lease
  holder     text        not null,
  beaten_at  timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  waiting    bigint      not null default 0,
  oldest     timestamptz,
  stuck      bigint      not null default 0,  -- of these, how many could not be told when they were tried
  trouble    text        not null default '',
  constraint timekeeper_beats_number primary key (beat),
  constraint timekeeper_beats_forward check (beat > 0 and epoch > 0)
);

grant select, insert, delete on views.timekeeper_beats to dossier_app;
