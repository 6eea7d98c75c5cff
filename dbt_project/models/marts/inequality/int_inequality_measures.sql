with

members as (
    select * from {{ ref('int_inequality_members') }}
),

final as (
    select
        comparison_key,
        region_level,
        group_kind,
        weighting,
        sum(case when y > 0 then y * ln(y / p) else 0 end) as theil_t,
        case when min(y) > 0 then sum(p * ln(p / y)) end as theil_l,
        sum(gini_part) as gini,
        sqrt(sum(p * power(per_capita - mean, 2))) / max(mean) as cv,
        stddev_samp(per_capita) / avg(per_capita) as cv_sample,
        max(per_capita) / nullif(min(per_capita), 0) as max_min_ratio,
        case
            when min(per_capita) > 0 then stddev_pop(ln(nullif(per_capita, 0)))
        end as sigma,
        case
            when min(per_capita) > 0 then stddev_samp(ln(nullif(per_capita, 0)))
        end as sigma_sample
    from members
    group by comparison_key, region_level, group_kind, weighting
)

select * from final
