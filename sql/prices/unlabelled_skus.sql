-- The kinds of runner that only the user has priced and no label stands for: no job has that price.
--   psql "$DATABASE_URL" -f sql/prices/unlabelled_skus.sql
select distinct sku
from runner_prices
where not is_shipped
  and sku <> 'self_hosted'
  and sku not in (
    select sku
    from runner_labels
  )
order by sku;
