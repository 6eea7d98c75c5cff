with

region_aggregate as (
    select * from {{ ref('region_aggregate') }}
),

final as (
    select
        group_kind,
        group_code,
        member_level,
        indicator_code,
        definition_version,
        source_kind,
        period,
        breakdown,
        aggregate_key,
        aggregation,
        weight_indicator_code,
        value,
        n_members,
        n_reported,
        n_used,
        coverage_share,
        is_complete,
        period_end
    from region_aggregate
)

select * from final
