-- Repositories whose first ingest failed count as not reached, so that status names them too.
-- depends: 0061.plainer-comments
comment on table unreached_repositories is
  'One row per repository that the last ingest that named it did not reach: no request was left, or GitHub did not say which repository it is.';
