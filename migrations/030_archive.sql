-- +goose Up

-- What a detached segment's file must hold, so that another file under its name is never believed.
alter table journal.segments
  add column events  bigint,
  add column content bytea;  -- SHA-256 over the lines of its rows
