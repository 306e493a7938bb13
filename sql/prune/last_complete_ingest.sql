-- When the last complete ingest of a watched repository ended, by GitHub's clock.
--   psql "$DATABASE_URL" -f sql/prune/last_complete_ingest.sql
select max(ingestions.finished_at) as finished_at
from ingestions
inner join repositories using (repository_id)
where repositories.forgotten_at is null
  and (
    ingestions.outcome = 'complete'
    or ingestions.is_caught_up
  );
