-- +goose Up

-- So that every process can say what keeps the leading one from sending: '' nothing, 'failing', or 'halted' because Kafka tells what
-- the journal does not.
alter table journal.relay_beats add column trouble text not null default '';
