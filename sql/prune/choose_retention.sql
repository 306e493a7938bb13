-- Choose how long this database keeps its rows: an interval, or forever.
--   psql "$DATABASE_URL" -f sql/prune/choose_retention.sql -v keep='6 months'
insert into retention (
  keep,
  chosen_at,
  is_held
) values (
  :'keep',
  now(),
  false
)
on conflict (only_row) do update set
  keep = excluded.keep,
  chosen_at = excluded.chosen_at,
  is_held = excluded.is_held;
