-- It only serves the making of views.
drop table if exists kept_views;
