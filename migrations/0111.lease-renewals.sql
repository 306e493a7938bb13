-- Which renewal of a lease is stored, so that an ingest notices what a crash of the server undid.
-- depends: 0009.leases

alter table leases add column if not exists renewal bigint not null default 0;

comment on column leases.renewal is
  'How often the holder has renewed the lease, as far as it is stored. Fewer than the holder knows '
  'of: the server has lost the end of its log.';
