-- Settings of this transaction for statements over many rows.
-- Sorts and hash tables may take 64 MB of memory before they use the disk; PostgreSQL's default is
-- 4 MB. Compiling a statement (jit) takes longer than running one of ours. A page read through an
-- index costs little more than the next one, because it is on a solid-state disk or in memory.
--   psql "$DATABASE_URL" -f sql/report/settings.sql
select
  set_config(
    'work_mem',
    greatest(pg_size_bytes(current_setting('work_mem')) / 1024, 64 * 1024) || 'kB',
    true
  ) as work_mem,
  set_config('jit', 'off', true) as jit,
  set_config(
    'random_page_cost',
    least(current_setting('random_page_cost')::double precision, 1.1)::text,
    true
  ) as random_page_cost;
