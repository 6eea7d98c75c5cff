-- depends_on: {{ ref('stg_clock') }} {{ ref('stg_regions') }}
-- depends_on: {{ ref('fct_observation') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_revised_periods() }}",
    ],
    post_hook="{{ record_watermark(['revision_triangle', 'dim_region']) }}",
) }}

with

touched as (
    {{ revised_periods() }}
),

revised as (
    select points.*
    from {{ ref('revision_triangle') }} as points
    inner join touched
        on {{ same(
            ['source_code', 'indicator_code', 'period'], 'points', 'touched'
        ) }}
    where
        points.vintage > 1
        and points.period >= {{ earliest_period('touched') }}
),

regions as (
    select * from {{ ref('dim_region') }}
),

final as (
    select
        revised.source_code,
        revised.indicator_code,
        regions.level as region_level,
        revised.period,
        revised.vintage as maturity,
        count(*) as n,
        sum(revised.revision) as revision,
        sum(abs(revised.revision)) as absolute_revision,
        sum(abs(revised.value)) as absolute_value,
        count(*) filter (where revised.revision > 0) as n_upward,
        max(revised.known_from) as latest_vintage
    from revised
    inner join regions on revised.region_code = regions.region_code
    group by
        revised.source_code, revised.indicator_code, regions.level,
        revised.period, revised.vintage
)

select * from final
