with

regional_inequality as (
    select * from {{ ref('regional_inequality') }}
),

final as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        group_kind,
        period,
        source_kind,
        comparison_key,
        n_expected,
        n_regions,
        coverage_pct,
        theil_t,
        theil_t_between,
        theil_t_within,
        theil_l,
        theil_l_between,
        theil_l_within,
        gini_weighted,
        gini_unweighted,
        dagum_weighted_within,
        dagum_weighted_between,
        dagum_weighted_transvariation,
        dagum_unweighted_within,
        dagum_unweighted_between,
        dagum_unweighted_transvariation,
        cv_weighted,
        cv,
        cv_sample,
        max_min_ratio,
        group_max_min_ratio,
        sigma,
        sigma_sample,
        not_computed_reason,
        not_split_reason,
        rule_version
    from regional_inequality
)

select * from final
