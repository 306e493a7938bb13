-- So many made-up runs in the 180 days before a moment, evenly, for a bench.
-- Every figure comes from a hash of the run's number, so that it is the same each time. Seven runs
-- in ten are of the first repository. Each has 20 workflows, of which three got slower 20 days
-- before the end. One run in 20 fails and is run again, and two in three of these then succeed.
--   psql "$DATABASE_URL" -v runs=100 -v until='2026-01-01T00:00:00Z' \
--     -f sql/bench/insert_workflow_runs.sql
insert into workflow_runs (
  github_run_id,
  run_attempt,
  repository_id,
  repository,
  workflow_id,
  workflow_name,
  workflow_path,
  run_number,
  display_title,
  branch,
  commit_sha,
  event_type,
  status,
  conclusion,
  actor,
  triggering_actor,
  created_at,
  started_at,
  updated_at,
  completed_at,
  duration_seconds,
  html_url,
  jobs_listed_at
)
with hashes as (
  select
    number,
    date_trunc(
      'second',
      :'until'::timestamptz
      - interval '4320 hours' * (:'runs'::integer + 1 - number) / :'runs'::integer
    ) as created_at,
    ('x' || left(md5(number::text), 8))::bit(32)::bigint as hash
  from generate_series(1, :'runs'::integer) as number
),
runs as (
  select
    number,
    created_at,
    md5('commit ' || number) as commit_sha,
    hash % 20 as workflow,
    greatest(hash / 20 % 10 - 5, 1) as repository_id,
    hash / 200 % 20 = 0 as fails,
    hash / 4000 % 3 > 0 as is_flaky,
    hash / 12000 % 33 = 0 as is_cancelled,
    hash / 12000 % 3 = 0 as is_push,
    (120 + 30 * (hash % 20)) * (90 + hash / 12000 % 21) / 100
      * case
        when hash % 20 in (3, 7, 11)
          and created_at >= :'until'::timestamptz - interval '480 hours' then 1.3
        else 1
      end as seconds
  from hashes
),
attempts as (
  select
    number,
    attempt,
    repository_id,
    workflow,
    commit_sha,
    created_at,
    created_at + interval '5 seconds' + interval '1 hour' * (attempt - 1) as started_at,
    round(seconds) as seconds,
    case
      when workflow = 19 then 'schedule'
      when is_push then 'push'
      else 'pull_request'
    end as event_type,
    case
      when fails and (attempt = 1 or not is_flaky) then 'failure'
      when is_cancelled and not fails then 'cancelled'
      else 'success'
    end as conclusion
  from runs
  cross join generate_series(1, 2) as attempt
  where attempt = 1
    or fails
)
select
  10000000000 + number as github_run_id,
  attempt as run_attempt,
  repository_id,
  'acme/app-' || repository_id as repository,
  repository_id * 100 + workflow as workflow_id,
  'Workflow ' || workflow as workflow_name,
  '.github/workflows/workflow-' || workflow || '.yml' as workflow_path,
  number as run_number,
  'Change ' || number as display_title,
  case when event_type = 'pull_request' then 'change-' || number else 'main' end as branch,
  commit_sha,
  event_type,
  'completed' as status,
  conclusion,
  'octo-' || number % 40 as actor,
  'octo-' || number % 40 as triggering_actor,
  created_at,
  started_at,
  started_at + interval '1 second' * (seconds + 2) as updated_at,
  started_at + interval '1 second' * seconds as completed_at,
  seconds as duration_seconds,
  'https://github.com/acme/app-' || repository_id || '/actions/runs/' || 10000000000 + number
    as html_url,
  :'until'::timestamptz as jobs_listed_at
from attempts;
