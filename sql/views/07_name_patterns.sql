-- The rules of name_kinds, with their patterns as LIKE takes them.
create view name_patterns as
select
  subject,
  kind,
  pattern,
  -- In a pattern of LIKE, three characters mean something; in a rule only * does.
  replace(
    replace(replace(replace(pattern, '\', '\\'), '%', '\%'), '_', '\_'),
    '*',
    '%'
  ) as like_pattern
from name_kinds;

comment on view name_patterns is
  'One row per rule of name_kinds. Of the rules that fit a name, the one with the longest pattern holds.';
comment on column name_patterns.pattern is
  'The name in lower case; * stands for any text.';
comment on column name_patterns.like_pattern is
  'The same pattern for LIKE.';
