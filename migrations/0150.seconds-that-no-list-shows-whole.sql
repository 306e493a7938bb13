-- A window that is not complete is a second with more runs than GitHub lists.
-- depends: 0142.full-asks-for-gone-attempts
comment on column windows.is_complete is
  'Whether the list was read to its end while nothing in it changed. False: a second in which more runs were created than GitHub lists.';
comment on column windows.problem is
  'Why the window cannot be listed completely, in words. NULL: it is complete.';
