with

regional_inequality_contribution as (
    select * from {{ ref('regional_inequality_contribution') }}
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
        n_regions,
        comparison_key,
        n_expected,
        population,
        per_capita,
        population_share,
        value_share,
        theil_t_contribution,
        theil_l_contribution,
        theil_t_between,
        theil_t_within,
        theil_l_between,
        theil_l_within,
        theil_t,
        not_computed_reason,
        not_split_reason,
        rule_version
    from regional_inequality_contribution
)

select * from final
