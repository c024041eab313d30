-- +goose Up

-- So that those who fold one kind of stream can list it without opening files.
alter table journal.archived_streams add column stream_kind text;
