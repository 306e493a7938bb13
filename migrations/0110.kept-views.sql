-- What views lose when they are dropped, so that it outlives a migration that ends half-way.

create table if not exists kept_views (
  position integer not null,
  name text not null,
  is_own boolean not null,
  statement text not null,
  failure text,
  constraint kept_views_pkey primary key (position)
);

comment on table kept_views is
  'One row per statement that gives a view what it had before it was dropped. Whoever may write '
  'here decides what the next migration runs.';
comment on column kept_views.position is
  'The order in which the statements are run.';
comment on column kept_views.name is
  'The view, materialized view or function that it is about, with its schema.';
comment on column kept_views.is_own is
  'Whether that is a user''s own; false for a view of this toolkit.';
comment on column kept_views.statement is
  'What to run: create view, alter view … owner, grant, comment and so on.';
comment on column kept_views.failure is
  'Why it could not be run when it was last tried; null before the first try.';
