-- Record how far an ingest of a repository has come.
--   psql "$DATABASE_URL" -f sql/runs/record_ingestions.sql \
--     -v repository_id=7 -v started_at=2026-01-01T00:00:00Z -v finished_at=2026-01-01T00:01:00Z \
--     -v outcome=complete -v since=2025-12-01T00:00:00Z -v fetched=0 -v inserted=0 -v updated=0 \
--     -v unchanged=0 -v not_completed=0 -v unreadable=0 -v cut=0 -v requests=1 -v not_modified=0 \
--     -v error=none -v unreadable_items=0 -v is_caught_up=true
insert into ingestions (
  repository_id, started_at, finished_at, outcome, since, fetched, inserted, updated, unchanged,
  not_completed, unreadable, cut, requests, not_modified, error, unreadable_items, is_caught_up
) values (
  :'repository_id',
  :'started_at',
  :'finished_at',
  :'outcome',
  :'since',
  :'fetched',
  :'inserted',
  :'updated',
  :'unchanged',
  :'not_completed',
  :'unreadable',
  :'cut',
  :'requests',
  :'not_modified',
  :'error',
  :'unreadable_items',
  :'is_caught_up'
)
on conflict (repository_id, started_at) do update set
  finished_at = excluded.finished_at,
  outcome = excluded.outcome,
  fetched = excluded.fetched,
  inserted = excluded.inserted,
  updated = excluded.updated,
  unchanged = excluded.unchanged,
  not_completed = excluded.not_completed,
  unreadable = excluded.unreadable,
  cut = excluded.cut,
  requests = excluded.requests,
  not_modified = excluded.not_modified,
  error = excluded.error,
  unreadable_items = excluded.unreadable_items,
  is_caught_up = excluded.is_caught_up;
