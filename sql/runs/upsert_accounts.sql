-- Store accounts by their number; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
--   psql "$DATABASE_URL" -f sql/runs/upsert_accounts.sql -v rows='[{"account_id":5,"login":"ann"}]'
insert into accounts (
  account_id,
  login
)
select
  account_id,
  login
from json_populate_recordset(null::accounts, :'rows'::json)
-- An upsert would lock the others too, and ingests of other repositories would wait for them.
where (account_id, login) not in (select account_id, login from accounts)
on conflict (account_id) do update set
  login = excluded.login,
  revision = accounts.revision + 1
where accounts.login is distinct from excluded.login
returning (revision = 1) as inserted;
