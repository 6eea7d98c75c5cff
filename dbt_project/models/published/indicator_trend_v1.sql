with

indicator_trend as (
    select * from {{ ref('indicator_trend') }}
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        breakdown,
        source_kind,
        period,
        target_key,
        n_points,
        mann_kendall_s,
        mann_kendall_variance,
        mann_kendall_z,
        mann_kendall_p,
        mann_kendall_method,
        theil_sen_a_year,
        theil_sen_low95,
        theil_sen_high95,
        spearman,
        spearman_p,
        spearman_trend,
        anticipated_value,
        anticipated_gap_pct,
        anticipated_class,
        anticipated_source_status
    from indicator_trend
)

select * from final
