-- What the sessions of one program on this machine have waited for, and whose sessions hold it.
-- A role that may not see all sessions gets only the process of another role's.
--   psql "$DATABASE_URL" -v program=psql -v longest=10s -f sql/schema/awaited_locks.sql
select distinct
  case lock.locktype
    when 'transactionid' then 'a row'
    else coalesce(lock.relation::regclass::text, lock.locktype)
  end as subject,
  holding.process,
  holder.application_name as program,
  holder.usename as role,
  holder.xact_start as since
from pg_locks as lock
join pg_stat_activity as session on session.pid = lock.pid
cross join lateral unnest(pg_blocking_pids(lock.pid)) as holding (process)
left join pg_stat_activity as holder on holder.pid = holding.process
where not lock.granted
  and lock.waitstart < clock_timestamp() - :'longest'::interval
  and session.datname = current_database()
  and session.application_name = :'program'
  and session.client_addr is not distinct from inet_client_addr()
  and holder.application_name is distinct from session.application_name
order by subject, process;
