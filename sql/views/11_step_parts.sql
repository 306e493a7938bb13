-- The part of a job's work that a step does, by its name. Each name is worked out once: the same
-- few are in most jobs. Materialized, because PostgreSQL often expects one step where there are
-- thousands, and would collect all names again for each of them.
create view step_parts as
with parts as materialized (
  select
    step,
    case
      when step ~* (
          '^(set ?up|initialize containers|check ?out|restore|download|install|pull|log ?in)\M'
          || '|^(pre )?run (actions/(checkout|setup-|cache|download-)|[^ ]*/(setup|install|login)-)'
        )
        then 'set-up'
      when step ~* (
          '^(post|complete job|stop containers|clean ?up|upload)\M|^run [^ ]*/upload-'
        )
        then 'clean-up'
      else 'work'
    end as part
  from (
    select distinct name as step
    from workflow_steps
  ) as names
)
select
  step,
  part
from parts;

comment on view step_parts is
  'One row per name of a step: whether it is set-up, work or clean-up.';
comment on column step_parts.step is
  'The name of the step as GitHub gives it. NULL if it gives none.';
comment on column step_parts.part is
  'set-up (the runner''s own steps, checkout, caches, logins, set-up actions, installations), clean-up (post steps, uploads) or work, by the name of the step.';
