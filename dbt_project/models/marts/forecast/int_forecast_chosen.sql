with

fitted as (
    select
        *,
        least(n_points, n_moves + 1) as n_counted
    from {{ ref('int_forecast_damped') }}
),

-- With seasons, changes count and not points: a first year has no change.
named as (
    select
        *,
        case
            when horizon <= 0 or horizon is null then 'none'
            when min_points is null or n_counted < min_points then 'none'
            when damped_y is not null then 'damped_trend'
            when seasons > 1 then 'seasonal_drift'
            else 'drift'
        end as method_name
    from fitted
    where n_points >= 1
),

chosen as (
    select
        *,
        case
            when method_name <> 'none' then coalesce(damped_y, drift_y)
        end as forecast_y,
        case
            when method_name <> 'none' then coalesce(damped_se, drift_se)
        end as se_y,
        case
            when method_name <> 'none' then coalesce(damped_df, drift_df)
        end as df
    from named
),

-- Near a bound of a rate a straight line leaves it: there the logit counts.
near_bounds as (
    select
        target_key,
        source_kind,
        step_no
    from chosen
    where
        scale = 'plain'
        and path_shape in ('linear', 'constant')
        and method_name <> 'none'
        and target_value > min_value
        and target_value < max_value
        and (
            least(last_y, forecast_y) - min_value
            < bound_margin_pct / 100 * (max_value - min_value)
            or max_value - greatest(last_y, forecast_y)
            < bound_margin_pct / 100 * (max_value - min_value)
        )
),

logits as (
    select chosen.*
    from chosen
    inner join near_bounds
        on
            chosen.target_key = near_bounds.target_key
            and chosen.source_kind = near_bounds.source_kind
            and chosen.step_no = near_bounds.step_no
    where chosen.scale = 'logit' and chosen.method_name <> 'none'
),

final as (
    select chosen.*
    from chosen
    left join logits
        on
            chosen.target_key = logits.target_key
            and chosen.source_kind = logits.source_kind
            and chosen.step_no = logits.step_no
    where chosen.scale <> 'logit' and logits.step_no is null
    union all
    select * from logits
)

select * from final
