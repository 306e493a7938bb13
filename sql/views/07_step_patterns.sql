-- The names of steps that come before the work of a job, and of those that come after it.
create view step_patterns as
select
  part,
  pattern
from (
  values
    (
      'set-up',
      '^(set ?up|initialize containers|check ?out|restore|download|install|pull|log ?in)\M'
      || '|^(pre )?run (actions/(checkout|setup-|cache|download-)|[^ ]*/(setup|install|login)-)'
    ),
    (
      'clean-up',
      '^(post|complete job|stop containers|clean ?up|upload)\M|^run [^ ]*/upload-'
    )
) as patterns (part, pattern);

comment on view step_patterns is
  'One row per part of a job beside its work. If both patterns fit the name of a step, it is set-up; if none does, work.';
comment on column step_patterns.part is
  'set-up: before the work, such as the checkout. clean-up: after it.';
comment on column step_patterns.pattern is
  'The names of the steps in it, for ~*.';
