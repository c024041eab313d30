-- +goose Up

-- One row is one timer that runs: something that a dossier waits for, from when on and until when. A dossier that waits for nothing
-- has no row, and an event that changes no timer writes none. The first columns are the projector's and follow from the dossier's
-- events alone; the last two are the timekeeper's and are no part of what the projection says: a row that is made anew is looked at anew.
create table views.timers_v1 (
  id      uuid             not null,
  kind    text collate "C" not null,
  number  bigint           not null,  -- of the request, the work, the payment, the message; 0 where there is one at a time
  started timestamptz      not null,
  due     timestamptz      not null,  -- infinity: to be counted over the calendar
  limited text             not null,  -- what is to be counted then: '8.working_hour'
  next_at timestamptz      not null default '-infinity',  -- when the next share of the limit is used up; infinity: nothing is left to tell
  planned text             not null default '',           -- by which rules and which calendar that was found
  constraint timers_v1_timer primary key (id, kind, number)
);

create index timers_v1_when on views.timers_v1 (next_at) where next_at < 'infinity';

create trigger touch after insert or delete or update of id, kind, number, started, due, limited on views.timers_v1
  for each row when (current_setting('dossier.projector', true) is distinct from 'on') execute function views.touch_v1();

grant select, insert, update, delete, truncate on views.timers_v1 to dossier_app;

create view reporting.timers as
select t.id,
       t.kind,
       t.number,
       t.started,
       nullif(t.due, 'infinity') as due,
       case when isfinite(t.next_at) then t.next_at end as next_at
  from views.timers_v1 t;
comment on view reporting.timers is 'One row is one timer that runs: join reporting.dossiers by id. due is null where it is counted over the calendar; next_at is when somebody is told next, null when it is not known yet or nothing is left to tell.';

grant select on reporting.timers to dossier_reporter, dossier_app;
