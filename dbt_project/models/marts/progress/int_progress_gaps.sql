with

paths as (
    select * from {{ ref('int_progress_paths') }}
),

compared as (
    select
        *,
        -- The zero that is added turns a negative zero into the plain one.
        case
            when path_value <> 0
                then
                    round(
                        sense * (path_value - value_to_date)
                        / abs(path_value) * 100,
                        10
                    ) + 0.0
        end as gap_pct,
        is_strict
        and (path_shape = 'reference' or path_value = target_value)
            as equality_fails,
        case
            when path_shape = 'reference'
                then sense * (value_to_date - path_value)
            else sense * (value_to_date - target_value)
        end as margin,
        -- A level to reach, a fall or a sum to gather can be met early; a
        -- standard that must hold is met only at the end.
        period_end >= target_end
        or (path_shape = 'linear' and target_type = 'level_floor')
        or (path_shape in ('reduction', 'sum') and sense = 1) as may_be_met
    from paths
),

judged as (
    select
        *,
        coalesce(
            may_be_met and (
                margin > 0
                or (margin = 0 and not is_strict)
            ),
            false
        ) as is_met
    from compared
),

final as (
    select
        *,
        case
            when target_type = 'qualitative' then 'qualitative target'
            when target_value is null and target_type <> 'relative'
                then 'no target value'
            when value is null then 'no value'
            when
                path_shape in ('growth', 'reduction', 'sum')
                and period_no is null
                then 'period is not of the indicator''s frequency'
            when path_shape = 'growth' and factor < 0
                then 'growth below -100 percent'
            when value_to_date is null then 'missing period'
            when target_type = 'relative' and path_value is null
                then 'no reference value'
            when yellow_limit_pct is null then 'no rule'
            when is_met then null
            when path_value is null then 'no path'
            when path_value = 0 then 'path is zero'
        end as not_rated_reason
    from judged
)

select * from final
