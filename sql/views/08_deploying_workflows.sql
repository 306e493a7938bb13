-- The workflows that deploy something, by the rules in name_kinds.
create view deploying_workflows as
-- Once, and not for each row that the view is joined with.
with deploying as materialized (
  select
    workflow_names.repository_id,
    workflow_names.workflow_id
  from workflow_names
  where (
    select name_patterns.kind
    from name_patterns
    where name_patterns.subject = 'workflow'
      and lower(workflow_names.workflow) like name_patterns.like_pattern
    order by
      length(name_patterns.pattern) desc,
      name_patterns.pattern
    limit 1
  ) = 'deployment'
)
select
  repository_id,
  workflow_id
from deploying;

comment on view deploying_workflows is
  'One row per workflow whose longest pattern of name_kinds that fits says deployment.';
