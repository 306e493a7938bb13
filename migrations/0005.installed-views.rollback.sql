-- The views themselves are dropped before any table is.
drop table if exists installed_views;
