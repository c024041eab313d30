-- +goose Up

-- Roles belong to the whole cluster, so another database may have made them, even at this very moment.
-- They get no password here: set one, or let the server's authentication rules decide.
-- +goose StatementBegin
do $$
begin
  if not exists (select from pg_roles where rolname = 'dossier_app') then
    create role dossier_app login;
  end if;
exception when duplicate_object or unique_violation then null;
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
do $$
begin
  if not exists (select from pg_roles where rolname = 'dossier_reporter') then
    create role dossier_reporter login;
    -- A long snapshot on the primary stops vacuum everywhere, so reports are cut off.
    alter role dossier_reporter set statement_timeout = '60s';
    alter role dossier_reporter set idle_in_transaction_session_timeout = '60s';
  end if;
exception when duplicate_object or unique_violation then null;
end
$$;
-- +goose StatementEnd

create schema journal;
create schema views;
create schema reporting;

grant usage on schema journal to dossier_app;
grant usage on schema views to dossier_app;
grant usage on schema reporting to dossier_reporter;

-- So that the application can tell that the database is older than itself.
grant select on goose_db_version to dossier_app;
