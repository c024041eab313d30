-- +goose Up

-- A cursor speaks of one topic. One that was deleted and made again under the same name has another id, and nothing of what the
-- cursor says is in it.
alter table journal.relay_beats
  add column topic_id uuid;  -- null: the broker tells none, or the relay was too old to write it
