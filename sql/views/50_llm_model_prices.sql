-- The name in the price list of each model in calls.
-- Names are tried from the longest to the shortest: as in the log; without the path, region and
-- vendor before it; without a date, -latest or @default after it; without a version of its
-- packaging (-v1:0, -001, [1m]); with the version last (claude-4.5-sonnet, as OpenRouter answers).
-- Each is also tried with dots as dashes. A prefix of a name never matches, so a new, fine-tuned or
-- free model does not get the price of another one.
create view llm_model_prices as
with models as (
  select distinct
    coalesce(provider, '') as provider,
    model
  from llm_calls
  where model is not null
),
priced_models as (
  select distinct on (models.provider, models.model)
    models.provider,
    models.model,
    llm_prices.model as price_model,
    llm_prices.provider as price_provider,
    case when names.place > 1 then bare.region end as region
  from models
  cross join lateral (
    select
      substring(
        lower(models.model) from '(?:^|/)(global|us|eu|apac|au|jp|ca|sa)\.anthropic\.[^/]*$'
      ) as region,
      regexp_replace(
        lower(models.model), '^(.*/)?((global|us|eu|apac|au|jp|ca|sa)\.)?(anthropic(\.|--))?', ''
      ) as name
  ) as bare
  cross join lateral (
    select
      regexp_replace(
        regexp_replace(bare.name, '(\[1m\]|-001|@default)$', ''),
        '^(claude-.*)-v[0-9]+(:[0-9]+)?$',
        '\1'
      ) as name
  ) as unpacked
  cross join lateral (
    select regexp_replace(unpacked.name, '[-@](20\d{6}|20\d\d-\d\d-\d\d|latest)$', '') as name
  ) as undated
  cross join lateral (
    values
      (1, lower(models.model)),
      (2, bare.name),
      (3, unpacked.name),
      (4, undated.name),
      (5, regexp_replace(undated.name, '^(claude-.*)-v[0-9]+$', '\1')),
      (6, regexp_replace(undated.name, '^claude-([0-9.-]+)-([a-z]+)$', 'claude-\2-\1'))
  ) as names (place, name)
  join llm_prices
    on llm_prices.model in (names.name, replace(names.name, '.', '-'))
    and llm_prices.provider in ('', lower(models.provider))
  order by
    models.provider,
    models.model,
    names.place,
    llm_prices.model = names.name desc,
    llm_prices.provider desc
)
select
  models.provider,
  models.model,
  priced_models.price_model,
  priced_models.price_provider,
  priced_models.region
from models
left join priced_models using (provider, model);

comment on view llm_model_prices is
  'One row per provider and model in calls, with its name in llm_prices.';
comment on column llm_model_prices.provider is
  'The provider in the calls; empty if they name none.';
comment on column llm_model_prices.model is
  'The model in the calls.';
comment on column llm_model_prices.price_model is
  'llm_prices.model for it. NULL: the price list does not have the model.';
comment on column llm_model_prices.price_provider is
  'llm_prices.provider for it; empty: the price applies to every provider. NULL: as price_model.';
comment on column llm_model_prices.region is
  'The region at the start of the model''s name, as on Bedrock: us, eu, global … NULL: none, or the price list has the name with its region.';
