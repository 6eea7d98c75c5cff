{# Dagum's parts without comparing every pair of regions: the part between
   groups is the Gini index of the group means, since d - p of a pair of groups
   is the difference of their means. #}
with

members as (
    select * from {{ ref('int_inequality_members') }}
),

summed as (
    select
        comparison_key,
        region_level,
        group_kind,
        weighting,
        group_code,
        sum(p) as p,
        sum(y) as y,
        max(group_mean) as group_mean,
        max(mean) as mean,
        sum(group_gini_part) as group_gini
    from members
    group by
        comparison_key, region_level, group_kind, weighting, group_code
),

ranked as (
    select
        *,
        sum(p) over (
            partition by comparison_key, region_level, group_kind, weighting
            order by group_mean asc nulls last, group_code asc nulls last
            rows between unbounded preceding and current row
        ) as p_up_to
    from summed
),

final as (
    select
        comparison_key,
        region_level,
        group_kind,
        weighting,
        sum(case when y > 0 then y * ln(y / p) else 0 end) as theil_t_between,
        case
            when min(y) > 0 then sum(p * ln(p / y))
        end as theil_l_between,
        sum(coalesce(group_gini, 0) * p * y) as gini_within,
        sum(p * group_mean * (2 * p_up_to - p - 1) / mean) as gini_between,
        max(group_mean) / nullif(min(group_mean), 0) as group_max_min_ratio
    from ranked
    group by comparison_key, region_level, group_kind, weighting
)

select * from final
