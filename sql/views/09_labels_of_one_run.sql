-- Labels of own runners that were made for one run, such as runner-x7f2, by what they share.
-- By itself such an end looks like that of a label such as gpu-a100. But here ten runs requested
-- ten labels that differ only in their ends, which have one length, and no other run requested any.
create view labels_of_one_run as
with asked as (
  select
    labels,
    min(github_run_id) as first_run_id,
    max(github_run_id) as last_run_id
  from workflow_jobs
  where runner_group_name <> 'GitHub Actions'
    and runner_id is not null
  group by labels
),
-- Windows and no joins: PostgreSQL cannot know how few or how many labels there are.
elements as (
  select
    asked.labels,
    each.label,
    min(asked.first_run_id) over of_label as github_run_id,
    min(asked.first_run_id) over of_label = max(asked.last_run_id) over of_label as is_of_one_run
  from asked
  cross join lateral (
    select lower(unnest(asked.labels)) as label
  ) as each
  window of_label as (partition by each.label)
),
-- The end is what follows the last separator, or the digits after letters.
shortened as (
  select
    elements.labels,
    elements.label,
    elements.github_run_id,
    elements.is_of_one_run and length(ends.ending) >= 3 as is_of_one_run,
    ends.ending,
    -- What is before the end can name the run too.
    regexp_replace(
      left(elements.label, -length(ends.ending)),
      '(?<![a-z0-9])(?=[a-z]*[0-9])[a-z0-9]{6,}(?![a-z0-9])',
      '*',
      'g'
    ) as start
  from elements
  cross join lateral (
    values
      (substring(elements.label from '(?:^|[-_./=])([a-z0-9]*)$')),
      (substring(elements.label from '^[a-z]+([0-9]+)$'))
  ) as ends (ending)
),
numbered as (
  select
    labels,
    label,
    is_of_one_run,
    start,
    length(ending) as length,
    -- An end that several runs have says what they ask for, such as x64.
    start || case
      when min(github_run_id) over of_end = max(github_run_id) over of_end then '*'
      else ending
    end as shared,
    row_number() over (
      partition by is_of_one_run, start, length(ending), github_run_id
    ) as place_in_run
  from shortened
  window of_end as (partition by start, ending)
),
judged as (
  select
    labels,
    label,
    shared,
    is_of_one_run
      and count(*) filter (where place_in_run = 1)
        over (partition by is_of_one_run, start, length) >= 10 as is_made_anew
  from numbered
),
folded as (
  select
    labels,
    label,
    max(shared) filter (where is_made_anew) as shared
  from judged
  group by
    labels,
    label
)
select
  labels,
  string_agg(
    distinct coalesce(shared, label), ', ' order by coalesce(shared, label)
  ) as runner_label
from folded
group by labels
having count(shared) > 0;

comment on view labels_of_one_run is
  'One row per set of labels that a single run asked for, with an end made for that run: ten runs asked for ten labels that differ in their ends alone.';
comment on column labels_of_one_run.runner_label is
  'The labels in lower case and in order, joined by commas, with * for numbers, and for an end that no other run has.';
