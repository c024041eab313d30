-- +goose Up

-- What dashboards and reports read: these names and columns are kept stable whatever the tables behind them are called.

create view reporting.dossiers as
select d.id,
       d.code,
       d.version,
       d.position,
       d.status,
       nullif(d.outcome, '')   as outcome,
       d.procedure,
       d.channel,
       nullif(d.unit, '')      as unit,
       nullif(d.officer, '')   as officer,
       d.applicant,
       nullif(d.origin, '')    as origin,
       nullif(d.submitted_at, '-infinity') as submitted_at,
       nullif(d.due, 'infinity') as due,
       d.updated_at,
       d.recorded_at,
       exists (select from views.parked p where p.projection = 'dossiers_v1' and p.stream_id = d.id) as stale
  from views.dossiers_v1 d;
comment on view reporting.dossiers is 'One row is one dossier as it is now. stale: there are events that this row does not know yet.';

create view reporting.history as
select h.id,
       h.version,
       h.position,
       h.event_id,
       h.type,
       h.occurred_at,
       h.recorded_at,
       h.account,
       h.role,
       nullif(h.unit, '')        as unit,
       nullif(h.origin, '')      as origin,
       h.status,
       nullif(h.reason, '')      as reason,
       nullif(h.late_reason, '') as late_reason,
       nullif(h.basis, '')       as basis,
       make_interval(secs => nullif(h.late_by, 0)) as late_by,
       nullif(h.irregular, '')   as irregular,
       h.changes,
       h.data
  from views.history_v1 h;
comment on view reporting.history is 'One row is one event of a dossier: who did what, in which role and unit, when it was true, when it was recorded, what it changed, and why.';

create view reporting.dossier_versions as
select v.id,
       v.version,
       v.position,
       v.occurred_at,
       v.recorded_at,
       v.backdated,
       v.code,
       v.status,
       nullif(v.outcome, '') as outcome,
       v.procedure,
       v.channel,
       nullif(v.unit, '')    as unit,
       nullif(v.officer, '') as officer,
       v.applicant,
       nullif(v.submitted_at, '-infinity') as submitted_at,
       nullif(v.due, 'infinity') as due,
       v.updated_at
  from views.dossier_versions_v1 v;
comment on view reporting.dossier_versions is 'One row is one dossier after one of its events. As known at K: the highest version with recorded_at <= K.';

-- Read this beside a figure: the figure is true at this position.
create view reporting.freshness as
select coalesce(min(l.next) - 1, (select coalesce(max(e.position), 0) from journal.events e)) as position,
       (select coalesce(max(e.position), 0) from journal.events e) as head,
       (select count(*) from views.parked) as parked
  from (
    select (select min(j.position) from journal.events j where j.lane = c.lane and j.position > c.at) as next
      from (
        select s.lane, min(coalesce((
                 select n.position
                   from views.checkpoints n
                  where n.projection = p.name
                    and n.lane = s.lane
                  order by n.previous desc
                  limit 1), 0)) as at
          from (values ('dossiers_v1'), ('dossier_versions_v1'), ('history_v1')) as p(name)
         cross join generate_series(0, 63) as s(lane)
         group by s.lane) c) l;
comment on view reporting.freshness is 'One row: every event up to position is in the reporting views; head is the journal''s last; parked counts streams that stand still.';

grant usage on schema reporting to dossier_app;
grant select on reporting.dossiers, reporting.history, reporting.dossier_versions, reporting.freshness to dossier_reporter, dossier_app;
