-- Nobody holds anything any more.
drop table if exists leases;
