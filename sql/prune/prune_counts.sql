-- How many rows are older than a moment, by table.
--   psql "$DATABASE_URL" -f sql/prune/prune_counts.sql -v before=2026-01-01T00:00:00Z
select
  (
    select count(*)
    from workflow_runs
    where created_at < :'before'::timestamptz
  ) as workflow_runs,
  (
    select count(*)
    from llm_calls
    where timestamp < :'before'::timestamptz
  ) as llm_calls,
  (
    select count(*)
    from billed_days
    where usage_date < (:'before'::timestamptz at time zone 'UTC')::date
  ) as billed_days;
