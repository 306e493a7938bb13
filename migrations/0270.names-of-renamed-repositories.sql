-- A repository that is found renamed is known by the name that was stored, too.
-- depends: 0260.kinds-of-workflows
comment on table former_names is
  'One row per name under which a repository was ingested, and to which GitHub gives another one now.';
comment on column former_names.last_seen_at is
  'When an ingest last used the former name, or found the next one, by GitHub''s clock.';
