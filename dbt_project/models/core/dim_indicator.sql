-- depends_on: {{ ref('stg_clock') }}
{{ config(
    tags='registries',
    pre_hook="{{ reset_watermark() }}",
    post_hook="{{ record_watermark() }}",
) }}

with

indicators as (
    select * from {{ ref('stg_indicators') }}
    where is_current
),

final as (
    select
        indicator_code,
        definition_version,
        name_en,
        name_zh,
        domain,
        unit_measure,
        direction,
        frequency,
        aggregation,
        weight_indicator_code,
        min_value,
        max_value,
        decimals,
        is_key,
        conf_status,
        definition,
        source_status,
        known_from
    from indicators
)

select * from final
