-- +goose Up

-- The register of results over all dossiers, read out of what each dossier says of its papers.
create view reporting.results as
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
comment on view reporting.results is 'One row is one paper of the register of results: join reporting.dossiers by id. status is valid, corrected, replaced or revoked; whether a valid paper has run out follows from valid_until. renewal_assumed: the procedure does not say when its holder is reminded.';

grant select on reporting.results to dossier_reporter, dossier_app;
