-- When a repository's last ingest began.
--   psql "$DATABASE_URL" -f sql/runs/last_start.sql -v repository_id=7
select max(started_at) as started_at
from ingestions
where repository_id = :'repository_id'::bigint;
