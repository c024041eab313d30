-- +goose Up

-- The tables of the projections. Their names end in the projection's version; each binary reads and feeds its own. They are
-- internal and may change with any release: reports read the schema reporting. Texts that have no value are ''.

-- One row is one dossier as it is now.
create table views.dossiers_v1 (
  id           uuid        not null,
  code         text,                  -- the number under which another system knows it
  version      bigint      not null,  -- of its last event
  position     bigint      not null,  -- of its last event
  status       text        not null,
  outcome      text        not null,
  procedure    text        not null,
  channel      text        not null,
  unit         text        not null,
  officer      text        not null,
  applicant    text        not null,  -- an opaque reference
  origin       text        not null,
  submitted_at timestamptz not null,
  due          timestamptz not null,  -- infinity: none
  updated_at   timestamptz not null,  -- when its last event happened
  recorded_at  timestamptz not null,  -- when that was recorded
  backdated    boolean     not null,  -- an event happened earlier than one recorded before it
  state        json        not null,  -- all of it; json, not jsonb: cheaper to write, never searched
  constraint dossiers_v1_id primary key (id)
);

-- The keyset orders of the list, and one index for each filter that picks few. Empty values are left out, so a dossier
-- that has no officer and no due date yet costs nothing there: these indexes are most of what an event costs.
create index dossiers_v1_updated on views.dossiers_v1 (updated_at, id);
create index dossiers_v1_due on views.dossiers_v1 (due, id) where due < 'infinity';
create index dossiers_v1_status on views.dossiers_v1 (status, updated_at, id);
create index dossiers_v1_procedure on views.dossiers_v1 (procedure, updated_at, id);
create index dossiers_v1_applicant on views.dossiers_v1 (applicant);
create index dossiers_v1_unit on views.dossiers_v1 (unit, updated_at, id) where unit <> '';
create index dossiers_v1_officer on views.dossiers_v1 (officer, due, id) where officer <> '';
create index dossiers_v1_code on views.dossiers_v1 (lower(code) text_pattern_ops) where code is not null;
create index dossiers_v1_backdated on views.dossiers_v1 (id) where backdated;

-- One row is one event of a dossier: who did what, when it was true, when it was recorded, what it changed, and why.
create table views.history_v1 (
  id          uuid        not null,
  version     bigint      not null,
  position    bigint      not null,
  event_id    uuid        not null,
  type        text        not null,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  account     text        not null,
  role        text        not null,  -- in which the account acted
  unit        text        not null,  -- to which it belonged then
  origin      text        not null,
  status      text        not null,  -- after it
  reason      text        not null,  -- a code
  late_reason text        not null,  -- a code: why it was entered so much later
  basis       text        not null,  -- the article it rests on
  late_by     bigint      not null,  -- seconds between happening and recording when over 5 minutes, else 0; 0 for imports
  irregular   text        not null,  -- a code: why an imported fact could only be noted
  changes     json        not null,  -- [{field, kind, old, new}]
  data        json        not null,
  constraint history_v1_version primary key (id, version)
);

-- One row is one dossier after one of its events.
create table views.dossier_versions_v1 (
  id           uuid        not null,
  version      bigint      not null,
  position     bigint      not null,
  occurred_at  timestamptz not null,
  recorded_at  timestamptz not null,
  backdated    boolean     not null,  -- from here on the rows of this stream do not answer questions about when things were true
  code         text,
  status       text        not null,
  outcome      text        not null,
  procedure    text        not null,
  channel      text        not null,
  unit         text        not null,
  officer      text        not null,
  applicant    text        not null,
  submitted_at timestamptz not null,
  due          timestamptz not null,  -- infinity: none
  updated_at   timestamptz not null,
  state        json        not null,
  constraint dossier_versions_v1_version primary key (id, version)
);

grant select, insert, update, delete, truncate on views.dossiers_v1, views.history_v1, views.dossier_versions_v1 to dossier_app;
