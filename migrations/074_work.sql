-- +goose Up

-- Work that goes on after its caller has been answered, such as a batch of acts: who looks after it, and what waits for somebody to. What
-- is to be done and how far it came stands in the journal; losing all of this costs a `dossier bulk run` more.

-- One row says that a stream asked to be worked on. A process that plays the role looks here; a row is deleted once its stream has
-- nothing to do, and not before it is a minute old: the event that says what to do may be on its way.
create table journal.work (
  stream_id uuid        not null,
  asked_at  timestamptz not null default clock_timestamp(),
  constraint work_asked primary key (stream_id, asked_at)
);

-- One row is one heartbeat of whoever works on a stream, until when by this database's clock. Rows are only inserted, the newest
-- counts, and the next number is taken by whoever inserts it first (journal.relay_beats is alike).
create table journal.work_beats (
  stream_id  uuid        not null,
  beat       bigint      not null,
  holder     uuid        not null,  -- one time of working on it
  expires_at timestamptz not null,
  constraint work_beats_number primary key (stream_id, beat)
);

grant select, insert, delete on journal.work, journal.work_beats to dossier_app;
