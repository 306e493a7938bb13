-- Add its number to the login of each account whose login another one has now.
-- GitHub gives a login to one account at a time: the former one has a new login, or was deleted.
-- Rows are a JSON array of objects with account_id and login, as GitHub gives them now.
--   psql "$DATABASE_URL" -f sql/runs/retire_logins.sql -v rows='[{"account_id":6,"login":"ann"}]'
update accounts
set
  login = accounts.login || ' (id ' || accounts.account_id || ')',
  revision = accounts.revision + 1
where lower(accounts.login) in (
    select lower(login)
    from json_populate_recordset(null::accounts, :'rows'::json)
  )
  and accounts.account_id not in (
    select account_id
    from json_populate_recordset(null::accounts, :'rows'::json)
  );
