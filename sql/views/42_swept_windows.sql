-- Windows that are swept, that is, listed again, because their runs may have been re-run since.
-- A run can be re-run for 30 days: a window that was younger at its last list is due a day later.
create view swept_windows as
select
  repository_id,
  created_from,
  created_to,
  listed_at,
  listed_at + interval '24 hours' as due_at
from windows
where created_to > listed_at - interval '31 days';

comment on view swept_windows is
  'One row per window whose runs could still be re-run when it was last listed.';
comment on column swept_windows.due_at is
  'When it is due to be listed again.';
