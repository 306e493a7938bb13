-- The comments as they were, when such a second was listed again by each ingest.
comment on column windows.is_complete is
  'Whether the list was read to its end while nothing in it changed. False: the window is listed again.';
comment on column windows.problem is
  'Why the window cannot be listed completely. NULL: no reason is known.';
