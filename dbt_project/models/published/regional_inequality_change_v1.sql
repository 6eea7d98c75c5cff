with

regional_inequality_change as (
    select * from {{ ref('regional_inequality_change') }}
),

final as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        group_kind,
        period,
        source_kind,
        group_code,
        region_code,
        previous_period,
        theil_t_change,
        total_theil_t_change,
        share_of_change,
        value_share_change,
        population_share_change
    from regional_inequality_change
)

select * from final
