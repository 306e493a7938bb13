-- Hours in which nearly everything failed at once: the fault of a runner, a network, a registry.
create view outages as
select
  repository_id,
  repository,
  date_trunc('hour', coalesce(started_at, created_at), 'UTC') as hour,
  count(*) as decided_attempts,
  count(*) filter (where is_red) as red_attempts,
  count(distinct commit_sha) as commits
from attempts
where is_decided
group by
  repository_id,
  repository,
  date_trunc('hour', coalesce(started_at, created_at), 'UTC')
having count(*) >= 5
  and count(distinct commit_sha) >= 3
  and count(*) filter (where is_red) > 0.8 * count(*);

comment on view outages is
  'One row per repository and hour in which more than 80 % of at least 5 decided attempts failed, of at least 3 commits, so that no single change is to blame.';
comment on column outages.hour is
  'The start of the hour in UTC. An attempt belongs to the hour in which it started.';
comment on column outages.decided_attempts is
  'Attempts that started in this hour and succeeded or failed.';
comment on column outages.red_attempts is
  'How many of decided_attempts failed.';
comment on column outages.commits is
  'How many different commits decided_attempts ran on.';
