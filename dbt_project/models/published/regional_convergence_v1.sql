with

regional_convergence as (
    select * from {{ ref('regional_convergence') }}
),

final as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        source_kind,
        base_period,
        period,
        n_regions,
        years,
        intercept,
        beta,
        beta_se,
        r_squared,
        speed,
        half_life_years,
        sigma_start,
        sigma_end,
        is_sigma_converging
    from regional_convergence
)

select * from final
