-- +goose Up

-- One row is one order number of an agency and day, and the dossier code that was written with it. Rows are added and never changed,
-- so a number and a code are taken once and for ever. One that no dossier bears is a gap: its command failed, or had been done before.
create table journal.code_numbers (
  agency   text        not null,  -- its identifier, as codes write it
  day      date        not null,  -- in the agency's zone
  number   bigint      not null,  -- from 1
  code     text        not null,
  taken_at timestamptz not null default clock_timestamp(),
  constraint code_numbers_number primary key (agency, day, number),
  constraint code_numbers_from_1 check (number > 0),
  constraint code_numbers_short check (length(code) between 1 and 64)
);

-- Two patterns may lead to one text, so what is unique is the code itself, as people type it: in capitals or not.
create unique index code_numbers_code on journal.code_numbers (lower(code));

create trigger append_only before update or delete or truncate on journal.code_numbers
  for each statement execute function journal.refuse_change();

-- Takes the next numbers of an agency and day and returns their codes, in order: the number, with at least so many digits, between
-- two texts. A number whose code was taken under another pattern is left out.
-- +goose StatementBegin
create function journal.take_codes_v1(
  p_agency text,
  p_day    date,
  p_before text,
  p_width  integer,
  p_after  text,
  p_count  integer)
returns setof text
language plpgsql
volatile
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '5s'
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  v_number bigint;
  v_left   integer := p_count;
  v_taken  integer;
begin
  if p_agency is null or p_day is null or p_before is null or p_after is null
     or p_width is null or p_width not between 1 and 9 or p_count is null or p_count not between 1 and 1000 then
    raise exception 'not so many codes, or of nobody' using errcode = 'invalid_parameter_value';
  end if;
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception 'codes are taken at read committed: an older snapshot would not see the last number'
      using errcode = 'active_sql_transaction';
  end if;
  if pg_current_xact_id_if_assigned() is not null then
    raise exception 'codes are never taken in a transaction that has written: the lock would be held until its end'
      using errcode = 'active_sql_transaction';
  end if;
  -- Not waited for until it is on disk: the event that bears the code is committed later, and the log before it goes to disk with it. A
  -- number that a crash loses was seen by nobody.
  perform set_config('synchronous_commit', 'off', true);

  -- One at a time for an agency and day, until the commit: every statement below sees the numbers of the one before.
  perform pg_advisory_xact_lock(1685025652, hashtext(p_agency || ' ' || p_day));
  -- One step down the index. A max() may be answered by adding up the day, which no table without statistics speaks against.
  v_number := coalesce((
    select n.number
      from journal.code_numbers n
     where n.agency = p_agency
       and n.day = p_day
     order by n.number desc
     limit 1), 0);

  while v_left > 0 loop
    return query
      insert into journal.code_numbers (agency, day, number, code)
      select p_agency, p_day, n, p_before || lpad(n::text, greatest(p_width, length(n::text)), '0') || p_after
        from generate_series(v_number + 1, v_number + v_left) n
       order by n
      on conflict do nothing
      returning code;
    get diagnostics v_taken = row_count;
    v_number := v_number + v_left;
    v_left := v_left - v_taken;
  end loop;
end
$$;
-- +goose StatementEnd

revoke all on function journal.take_codes_v1(text, date, text, integer, text, integer) from public;
grant execute on function journal.take_codes_v1(text, date, text, integer, text, integer) to dossier_app;
grant select on journal.code_numbers to dossier_app;
