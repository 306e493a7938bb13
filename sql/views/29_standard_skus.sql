-- The kinds of runner that GitHub calls standard.
create view standard_skus as
select sku
from (
  values ('linux_slim'), ('linux'), ('linux_arm'), ('windows'), ('windows_arm'), ('macos')
) as standard (sku);

comment on view standard_skus is
  'One row per kind of runner that is free in public repositories. Larger runners are billed everywhere.';
comment on column standard_skus.sku is
  'Its name in runner_prices.';
