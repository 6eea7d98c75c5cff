{% set reader = 'region_aggregate' %}

with

new_observations as (
    select distinct
        indicator_code,
        period,
        period_end
    from {{ ref('fct_observation') }}
    where unit_code is null and {{ is_unread_figure(reader) }}
),

-- A figure moves its own aggregates and those that it weights.
moved as (
    select
        indicator_code,
        period,
        period_end
    from new_observations
    union
    select
        indicators.indicator_code,
        new_observations.period,
        new_observations.period_end
    from {{ ref('dim_indicator') }} as indicators
    inner join new_observations
        on
            indicators.weight_indicator_code
            = new_observations.indicator_code
),

-- Another tree, another grouping or another rule moves every period.
changed_terms as (
    select region_code as changed
    from {{ ref('stg_regions') }}
    where {{ is_unread(reader) }}
    union all
    select group_code as changed
    from {{ ref('stg_region_groups') }}
    where {{ is_unread(reader) }}
    union all
    select indicator_code as changed
    from {{ ref('stg_indicators') }}
    where {{ is_unread(reader) }}
),

touched as (
    select
        indicator_code,
        period,
        period_end
    from moved
    union
    select
        indicator_code,
        period,
        period_end
    from {{ ref('fct_observation') }}
    where unit_code is null and exists (select 1 from changed_terms)
),

final as (
    select
        *,
        {{ hash_key(['indicator_code', 'period']) }} as aggregate_key
    from touched
)

select * from final
