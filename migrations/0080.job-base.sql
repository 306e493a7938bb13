-- The name of a job without the values of its matrix, worked out once, when the job is stored. Views
-- that work it out for each row spend most of their time on it.
-- depends: 0061.plainer-comments
alter table workflow_jobs
  add column if not exists job_base text
  generated always as (
    coalesce(
      nullif(
        regexp_replace(
          name,
          ' \([^()]*(?:\([^()]*\)[^()]*)*(?:\)(?= / |$)|\.\.\.$)',
          '',
          'g'
        ),
        ''
      ),
      'unnamed'
    )
  ) stored;

comment on column workflow_jobs.job_base is
  'The name without the values of a matrix, the same for all its members: what stands in brackets at the end, or before the / of a called workflow. unnamed where GitHub gave no name.';
