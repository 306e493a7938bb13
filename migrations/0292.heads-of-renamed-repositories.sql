-- A rename left the former name on the head branches of runs, as if they were those of a fork.
-- depends: 0291.shipped-rows

update workflow_runs set
  head_repository = workflow_runs.repository
from former_names
where former_names.repository_id = workflow_runs.repository_id
  and former_names.name = lower(workflow_runs.head_repository);
