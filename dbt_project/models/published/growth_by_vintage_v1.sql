with

growth_by_vintage as (
    select * from {{ ref('growth_by_vintage') }}
),

final as (
    select
        source_kind,
        source_code,
        region_code,
        indicator_code,
        definition_version,
        period,
        breakdown,
        known_from,
        series_key,
        observation_key,
        value,
        previous_period,
        previous_value,
        growth_pct,
        not_computed_reason,
        is_latest
    from growth_by_vintage
)

select * from final
