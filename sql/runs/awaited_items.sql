-- Items of a repository that could not be fetched, and their number; those given up come first.
--   psql "$DATABASE_URL" -f sql/runs/awaited_items.sql -v repository_id=7 -v most=20
select
  kind,
  github_run_id,
  run_attempt,
  problem,
  reason,
  tries,
  next_try_at,
  count(*) over () as items
from awaited_items
where repository_id = :'repository_id'::bigint
order by
  next_try_at is not null,
  problem,
  github_run_id desc,
  run_attempt
limit :'most'::integer;
