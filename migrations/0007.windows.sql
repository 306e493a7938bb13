-- What has been listed: the only memory from which an ingest works out what is still to list.
-- depends: 0006.open-runs

create table if not exists windows (
  repository_id bigint not null,
  created_from timestamptz not null,
  created_to timestamptz not null,
  reported integer,
  seen integer not null,
  listed_at timestamptz not null,
  is_complete boolean not null,
  problem text,
  etag text,
  etag_token text,
  constraint windows_pkey primary key (repository_id, created_from),
  constraint windows_end_after_they_begin check (created_from < created_to)
);

comment on table windows is
  'One row per interval of run creation time of a repository that was listed; intervals do not overlap.';
comment on column windows.repository_id is
  'The repository, by GitHub''s number.';
comment on column windows.created_from is
  'Runs created from this whole second on belong to the window.';
comment on column windows.created_to is
  'The first whole second that no longer belongs to it.';
comment on column windows.reported is
  'How many runs GitHub said it has in the window when it was listed. NULL: it did not say.';
comment on column windows.seen is
  'How many different runs it listed there.';
comment on column windows.listed_at is
  'When the window was last listed, by GitHub''s clock.';
comment on column windows.is_complete is
  'Whether the list was read whole, with nothing moving in it meanwhile. False: it is listed again.';
comment on column windows.problem is
  'Why it cannot be complete. NULL: nothing known against it.';
comment on column windows.etag is
  'The ETag of the window''s list, where that is one page: sent along, it makes an unchanged answer free.';
comment on column windows.etag_token is
  'Fingerprint of the token that the ETag was given to; to another token it means nothing.';
