-- +goose Up

-- One row says that something happened to a book of money on a day: where the daily reconciliation looks. It is written before the event
-- that it is about: what is listed and has nothing to tell is passed over, but what is not listed would never be found. All of it follows
-- from the journal.
create table journal.money_days (
  agency    text not null,
  day       date not null,  -- in the agency's zone
  kind      text not null,  -- of the stream
  stream_id uuid not null,
  constraint money_days_listed primary key (agency, day, kind, stream_id),
  constraint money_days_kind check (kind in ('till', 'receipt-book', 'payment-order'))
);

create index money_days_stream on journal.money_days (stream_id);

create trigger append_only before update or delete or truncate on journal.money_days
  for each statement execute function journal.refuse_change();

grant select, insert on journal.money_days to dossier_app;
