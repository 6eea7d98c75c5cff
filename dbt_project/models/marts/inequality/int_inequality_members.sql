with

touched as (
    select comparison_key from {{ ref('int_inequality_touched') }}
),

-- From the unrounded values: a sum of rounded shares would lose digits.
regions as (
    select *
    from {{ ref('regional_inequality_contribution') }}
    where
        region_code is not null
        and comparison_key in (select touched.comparison_key from touched)
),

-- Every region counts by its people, and once more all alike.
weighted as (
    select
        *,
        'population' as weighting,
        population as weight
    from regions
    union all
    select
        *,
        'equal' as weighting,
        cast(1 as double) as weight
    from regions
),

shared as (
    select
        *,
        weight / sum(weight) over whole as p,
        per_capita * weight / sum(per_capita * weight) over whole as y,
        weight / sum(weight) over part as p_in_group,
        sum(per_capita * weight) over part / sum(weight) over part
            as group_mean,
        sum(per_capita * weight) over whole / sum(weight) over whole as mean
    from weighted
    where not_computed_reason is null
    window
        whole as (
            partition by comparison_key, region_level, group_kind, weighting
        ),
        part as (
            partition by
                comparison_key, region_level, group_kind, weighting,
                group_code
        )
),

-- Shares of the people who have less, and of those in the same group.
ranked as (
    select
        *,
        sum(p) over (
            partition by comparison_key, region_level, group_kind, weighting
            order by per_capita asc nulls last, region_code asc nulls last
            rows between unbounded preceding and current row
        ) as p_up_to,
        sum(p_in_group) over (
            partition by
                comparison_key, region_level, group_kind, weighting,
                group_code
            order by per_capita asc nulls last, region_code asc nulls last
            rows between unbounded preceding and current row
        ) as p_up_to_in_group
    from shared
),

-- Gini = sum of p x (C(k) + C(k-1) - 1) / mean over regions by rising x.
final as (
    select
        comparison_key,
        region_level,
        group_kind,
        weighting,
        group_code,
        region_code,
        per_capita,
        p,
        y,
        mean,
        group_mean,
        p * per_capita * (2 * p_up_to - p - 1) / mean as gini_part,
        p_in_group * per_capita * (2 * p_up_to_in_group - p_in_group - 1)
        / nullif(group_mean, 0) as group_gini_part
    from ranked
)

select * from final
