-- What is left to fetch of a repository now, what waits for another try, and how much is listed.
-- Unanswered items wait because GitHub returned only errors; the earliest of their tries is named.
--   psql "$DATABASE_URL" -f sql/runs/work_left.sql -v repository_id=7 -v now=2026-02-01T00:00:00Z
select
  (
    select count(distinct github_run_id)
    from pending_jobs
    where repository_id = :'repository_id'::bigint
      and (tries is null or next_try_at <= :'now'::timestamptz)
  ) as runs_without_jobs,
  (
    select count(*)
    from pending_attempts
    where repository_id = :'repository_id'::bigint
      and (tries is null or next_try_at <= :'now'::timestamptz)
  ) as attempts_to_fetch,
  (
    select coalesce(sum(seen), 0)
    from windows
    where repository_id = :'repository_id'::bigint
      and is_complete
  ) as listed_runs,
  (
    select count(*)
    from awaited_items
    where repository_id = :'repository_id'::bigint
      and problem = 'unanswered'
      and next_try_at is not null
  ) as unanswered_items,
  (
    select min(next_try_at)
    from awaited_items
    where repository_id = :'repository_id'::bigint
      and problem = 'unanswered'
  ) as next_try_at;
