-- +goose Up

-- Dossiers of a sandbox are tests: no report counts them. They are few, and found by an index that holds no other.
create index dossiers_v1_sandbox on views.dossiers_v1 (id) where state ->> 'sandbox' is not null;

create or replace view reporting.dossiers as
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
  from views.dossiers_v1 d
 where d.state ->> 'sandbox' is null;

create or replace view reporting.history as
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
  from views.history_v1 h
 where not exists (select from views.dossiers_v1 s where s.id = h.id and s.state ->> 'sandbox' is not null);

create or replace view reporting.dossier_versions as
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
  from views.dossier_versions_v1 v
 where not exists (select from views.dossiers_v1 s where s.id = v.id and s.state ->> 'sandbox' is not null);

create or replace view reporting.timers as
select t.id,
       t.kind,
       t.number,
       t.started,
       nullif(t.due, 'infinity') as due,
       case when isfinite(t.next_at) then t.next_at end as next_at
  from views.timers_v1 t
 where not exists (select from views.dossiers_v1 s where s.id = t.id and s.state ->> 'sandbox' is not null);

-- The register of all dossiers, which the API reads for whoever may see them; what reports read of it leaves tests out.
create view views.papers as
select d.id,
       d.code,
       d.code || '-KQ' || (p.paper ->> 'number')     as number,
       (p.paper ->> 'number')::int                   as paper,
       p.paper ->> 'code'                            as kind,
       p.paper ->> 'status'                          as status,
       (p.paper ->> 'issued_at')::timestamptz        as issued_at,
       (p.paper ->> 'valid_until')::timestamptz      as valid_until,
       coalesce((p.paper ->> 'renew_from')::timestamptz,
                greatest((p.paper ->> 'valid_until')::timestamptz - interval '60 days', (p.paper ->> 'issued_at')::timestamptz)) as renew_from,
       (p.paper ->> 'valid_until') is not null and (p.paper ->> 'renew_from') is null as renewal_assumed,
       (p.paper ->> 'replaces')::int                 as replaces,
       (p.paper ->> 'ended_at')::timestamptz         as ended_at,
       p.paper ->> 'reason'                          as reason,
       p.paper ->> 'decision'                        as decision,
       d.procedure,
       nullif(d.unit, '')                            as unit,
       d.recorded_at
  from views.dossiers_v1 d
 cross join lateral json_array_elements(d.state -> 'papers') as p(paper);
grant select on views.papers to dossier_app;

create or replace view reporting.results as
select p.id,
       p.code,
       p.number,
       p.paper,
       p.kind,
       p.status,
       p.issued_at,
       p.valid_until,
       p.renew_from,
       p.renewal_assumed,
       p.replaces,
       p.ended_at,
       p.reason,
       p.decision,
       p.procedure,
       p.unit,
       p.recorded_at
  from views.papers p
 where not exists (select from views.dossiers_v1 s where s.id = p.id and s.state ->> 'sandbox' is not null);
