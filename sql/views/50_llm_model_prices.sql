-- Under which name of the price list a model goes that calls name.
-- A name is looked up as it is, then without the path and vendor before it, then without a version
-- of its packaging (-v1:0, [1m]) after it, then without a date or -latest. Never by its beginning:
-- a new model has no price yet, and not that of an older one. A regional id of Bedrock (us., eu.)
-- keeps its region, because regions have prices of their own.
create view llm_model_prices as
with models as (
  select distinct
    coalesce(provider, '') as provider,
    model
  from llm_calls
  where model is not null
),
bare_models as (
  select
    provider,
    model,
    regexp_replace(lower(model), '^(.*/)?((global\.)?anthropic\.)?', '') as bare_model
  from models
),
unversioned_models as (
  select
    provider,
    model,
    bare_model,
    regexp_replace(bare_model, '(-v[0-9]+:[0-9]+|\[1m\])$', '') as unversioned_model
  from bare_models
),
priced_models as (
  select distinct on (unversioned_models.provider, unversioned_models.model)
    unversioned_models.provider,
    unversioned_models.model,
    llm_prices.model as price_model,
    llm_prices.provider as price_provider
  from unversioned_models
  cross join lateral (
    values
      (1, lower(model)),
      (2, bare_model),
      (3, unversioned_model),
      (4, regexp_replace(unversioned_model, '[-@](20\d{6}|20\d\d-\d\d-\d\d|latest)$', ''))
  ) as names (place, name)
  join llm_prices
    on llm_prices.model = names.name
    and llm_prices.provider in ('', lower(unversioned_models.provider))
  order by
    unversioned_models.provider,
    unversioned_models.model,
    names.place,
    llm_prices.provider desc
)
select
  models.provider,
  models.model,
  priced_models.price_model,
  priced_models.price_provider
from models
left join priced_models using (provider, model);

comment on view llm_model_prices is
  'One row per provider and model that calls name, and the name in llm_prices that tells what it costs.';
comment on column llm_model_prices.provider is
  'As the calls name it; empty when they do not.';
comment on column llm_model_prices.model is
  'As the calls name it.';
comment on column llm_model_prices.price_model is
  'llm_prices.model for it. NULL: the price list does not have the model.';
comment on column llm_model_prices.price_provider is
  'llm_prices.provider for it; empty: the price holds whoever serves the model. NULL: as price_model.';
