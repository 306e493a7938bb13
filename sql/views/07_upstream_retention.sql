-- How long GitHub keeps the runs of each repository: as long as its Actions retention, which is 90
-- days by default and, in a public repository, at most.
create view upstream_retention as
select
  repository_id,
  coalesce(
    least(upstream_retention_days, case when visibility = 'public' then 90 end),
    90
  ) as retention_days,
  upstream_retention_days is null as is_assumed,
  upstream_retention_asked_at as asked_at
from repositories;

comment on view upstream_retention is
  'One row per repository, with how long GitHub keeps its runs.';
comment on column upstream_retention.retention_days is
  'After how many days GitHub deletes a run.';
comment on column upstream_retention.is_assumed is
  'Whether GitHub never reported it to this token, so its default is assumed.';
comment on column upstream_retention.asked_at is
  'When GitHub was last asked for it. NULL: not asked yet.';
