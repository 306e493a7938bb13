-- Let an ingest say what it could not read, and whether it left nothing but items to try again.
-- depends: 0021.unfinished-jobs

alter table ingestions
  add column if not exists unreadable_items integer not null default 0;

alter table ingestions
  add column if not exists is_caught_up boolean not null default false;

comment on column ingestions.unreadable_items is
  'Earlier attempts, jobs and steps whose answer lacked what a row needs. They are in retries.';
comment on column ingestions.is_caught_up is
  'Whether nothing was left but items that await another try: as fresh as a complete ingest.';
