-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
-- depends_on: {{ ref('int_urban_rural_touched') }} {{ ref('stg_rules') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='ratio_key',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_keys('int_urban_rural_touched', 'ratio_key') }}",
        "{{ forget_what_rules_named('URBAN_RURAL') }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation'], 'int_progress_clock'
    ) }}",
) }}

with

touched as (
    select * from {{ ref('int_urban_rural_touched') }}
),

observations as (
    select *
    from {{ ref('fct_observation') }}
    where is_current and unit_code is null and value is not null
),

-- Of two sources of one kind what became known last.
parts as (
    select
        observations.indicator_code,
        observations.definition_version,
        observations.region_code,
        observations.period,
        observations.source_kind,
        touched.ratio_key,
        observations.breakdown = touched.urban_breakdown as is_urban,
        cast(observations.value as double) as value
    from observations
    inner join touched
        on
            observations.indicator_code = touched.indicator_code
            and observations.region_code = touched.region_code
            and observations.period = touched.period
            and observations.breakdown in (
                touched.urban_breakdown, touched.rural_breakdown
            )
    qualify
        row_number() over (
            partition by
                observations.indicator_code, observations.definition_version,
                observations.region_code, observations.period,
                observations.source_kind, observations.breakdown
            order by
                observations.known_from desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

final as (
    select
        urban.indicator_code,
        urban.definition_version,
        urban.region_code,
        urban.period,
        urban.source_kind,
        urban.ratio_key,
        urban.value as urban_value,
        rural.value as rural_value,
        round(urban.value / rural.value, 10) as ratio,
        round(urban.value - rural.value, 10) as difference
    from parts as urban
    inner join parts as rural
        on
            urban.indicator_code = rural.indicator_code
            and urban.definition_version = rural.definition_version
            and urban.region_code = rural.region_code
            and urban.period = rural.period
            and urban.source_kind = rural.source_kind
    where urban.is_urban and not rural.is_urban and rural.value > 0
)

select * from final
