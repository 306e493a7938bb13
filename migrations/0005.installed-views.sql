-- Which views were made from which text, so that they are made anew when a file in sql/views changes.
-- depends: 0004.ingestions

create table if not exists installed_views (
  name text not null,
  digest text not null,
  constraint installed_views_pkey primary key (name)
);

comment on table installed_views is
  'One row per view that this toolkit made in the database.';
comment on column installed_views.digest is
  'SHA-256 of all files in sql/views when the views were made, the same on every row.';
