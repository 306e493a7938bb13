-- Which repositories have windows that overlap, so that a run may be counted in two of them?
--   psql "$DATABASE_URL" -f sql/status/overlapping_windows.sql
with ordered as (
  select
    repository_id,
    created_from,
    max(created_to) over (
      partition by repository_id
      order by created_from
      rows between unbounded preceding and 1 preceding
    ) as earlier_end
  from windows
)
select
  coalesce(repositories.repository, ordered.repository_id::text) as repository,
  count(*) as overlaps,
  min(ordered.created_from) as overlap_from
from ordered
left join repositories using (repository_id)
where ordered.created_from < ordered.earlier_end
group by
  ordered.repository_id,
  repositories.repository
order by repository;
