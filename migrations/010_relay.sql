-- +goose Up

-- What the relay from the journal to Kafka keeps: who leads and how far it came, and which telling of the journal is valid.

-- One row is one heartbeat of a relay: who leads, until when by this database's clock, and how far Kafka has the journal.
-- Rows are only inserted, the newest counts, and the next number is taken by whoever inserts it first: a leader that renews
-- and a standby that takes over at the same moment cannot both succeed. No row is ever updated, because a row updated
-- twice a second bloats and slows everything while one long snapshot is open; old rows are deleted in the background.
create table journal.relay_beats (
  beat       bigint      not null,
  epoch      bigint      not null,  -- one time of leadership
  holder     text        not null,
  cursor     bigint      not null,  -- every position up to here is in Kafka
  beaten_at  timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  constraint relay_beats_number primary key (beat)
);

-- One row is one continuous telling of the journal. A new one is opened when the journal came back without a tail that
-- Kafka had already seen; everyone then refuses older messages from that position on.
create table journal.generations (
  number        integer     not null,
  from_position bigint      not null,
  fork_event_id uuid,                 -- the last event both tellings share, null when they share none
  opened_at     timestamptz not null default clock_timestamp(),
  reason        text        not null,
  constraint generations_number primary key (number),
  constraint generations_from check (from_position >= 1)
);

insert into journal.generations (number, from_position, reason) values (1, 1, 'the beginning');

create trigger append_only before update or delete or truncate on journal.generations
  for each statement execute function journal.refuse_change();

grant select, insert, delete on journal.relay_beats to dossier_app;
grant select, insert on journal.generations to dossier_app;
