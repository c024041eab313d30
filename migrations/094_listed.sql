-- +goose Up

-- Applicants are shown in whose lists their dossier was a row, too. An entry names up to 500 dossiers, so it is found by each of them.
create index access_dossiers on journal.access using gin (((data -> 'dossiers')::jsonb) jsonb_path_ops) where type = 'access.dossiers-listed';
