-- What kind of account each actor is: a person, a bot or an agent, by the rules in name_kinds.
create view actor_kinds as
select
  actors.actor,
  coalesce(
    (
      select name_patterns.kind
      from name_patterns
      where name_patterns.subject = 'actor'
        -- Without the number that a login has in brackets if another account has it now.
        and split_part(lower(actors.actor), ' ', 1) like name_patterns.like_pattern
      order by
        length(name_patterns.pattern) desc,
        name_patterns.pattern
      limit 1
    ),
    'unknown'
  ) as kind
from (
  select actor
  from workflow_runs
  where actor is not null
  union
  select triggering_actor
  from workflow_runs
  where triggering_actor is distinct from actor
    and triggering_actor is not null
) as actors;

comment on view actor_kinds is
  'One row per account that caused a stored run or started one of its attempts, with what it is.';
comment on column actor_kinds.actor is
  'The login of the account.';
comment on column actor_kinds.kind is
  'person, bot or agent, by the longest pattern of name_kinds that fits; unknown: none fits.';
