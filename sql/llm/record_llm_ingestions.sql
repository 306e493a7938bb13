-- Record what an ingest of LLM logs has read; returns the time by the database's clock.
--   psql "$DATABASE_URL" -f sql/llm/record_llm_ingestions.sql \
--     -v started_at=2026-01-01T00:00:00Z -v finished_at=2026-01-01T00:01:00Z -v files=1 \
--     -v inserted=3 -v updated=0 -v unchanged=0 -v cut=0 -v clashing=0 -v rejected_files=0 \
--     -v rejected_lines=1 -v first_rejected='{calls.jsonl:4 is not JSON}' -v left_out=0 \
--     -v notes='{}'
insert into llm_ingestions (
  started_at, finished_at, files, inserted, updated, unchanged, cut, clashing, rejected_files,
  rejected_lines, first_rejected, left_out, notes
) values (
  :'started_at',
  :'finished_at',
  :'files',
  :'inserted',
  :'updated',
  :'unchanged',
  :'cut',
  :'clashing',
  :'rejected_files',
  :'rejected_lines',
  :'first_rejected',
  :'left_out',
  :'notes'
)
on conflict (started_at) do update set
  finished_at = excluded.finished_at,
  files = excluded.files,
  inserted = excluded.inserted,
  updated = excluded.updated,
  unchanged = excluded.unchanged,
  cut = excluded.cut,
  clashing = excluded.clashing,
  rejected_files = excluded.rejected_files,
  rejected_lines = excluded.rejected_lines,
  first_rejected = excluded.first_rejected,
  left_out = excluded.left_out,
  notes = excluded.notes
returning now() as recorded_at;
