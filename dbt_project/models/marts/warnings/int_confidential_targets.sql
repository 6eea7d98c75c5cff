{#- A table: read twice, and made from all figures that were ever marked. -#}
{{ config(materialized='table') }}

with

-- The strictest mark of any figure in force decides for the whole series;
-- one that has lost its last mark stays listed, without one.
series as (
    select
        indicator_code,
        region_code,
        unit_code,
        max(conf_status) filter (where is_current) as conf_status
    from {{ ref('fct_observation') }}
    where conf_status <> 'F'
    group by indicator_code, region_code, unit_code
),

targets as (
    select * from {{ ref('fct_target') }}
    where is_current
),

marked as (
    select
        targets.target_key,
        series.conf_status
    from targets
    inner join series
        on
            targets.indicator_code = series.indicator_code
            and targets.region_code = series.region_code
            and targets.unit_code is not distinct from series.unit_code
    union all
    select
        targets.target_key,
        series.conf_status
    from targets
    inner join series
        on
            targets.reference_indicator_code = series.indicator_code
            and targets.region_code = series.region_code
            and targets.unit_code is not distinct from series.unit_code
),

final as (
    select
        target_key,
        max(conf_status) as conf_status
    from marked
    group by target_key
)

select * from final
