-- What is left of a repository to fetch now, and what awaits another try.
-- Unanswered items await it because GitHub gave errors only; the next of their tries comes first.
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
