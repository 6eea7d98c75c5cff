{# Damped trend where the series is long, without a gap or a season, and a
   level: a trend that fades would let a sum or a chain dry up. #}
with

drift as (
    select * from {{ ref('int_forecast_drift') }}
),

rules as (
    select * from {{ ref('int_forecast_rules') }}
),

fitted as (
    select
        drift.*,
        rules.min_points,
        rules.min_points_p_miss,
        rules.bound_margin_pct,
        rules.alpha,
        rules.beta,
        rules.phi,
        case
            when
                drift.path_shape in ('linear', 'constant')
                and drift.seasons = 1
                and drift.n_points >= rules.min_points_trend
                and drift.total_span = drift.n_moves
                then
                    {{ damped_trend_state(
                        '[p.y for p in drift.known]',
                        'rules.alpha', 'rules.beta', 'rules.phi'
                    ) }}
        end as state
    from drift
    cross join rules
),

-- From here on no lists: what joins and sorts carry must stay small.
final as (
    select
        fitted.target_key,
        fitted.source_kind,
        fitted.scale,
        fitted.step_no,
        fitted.seasons,
        fitted.path_shape,
        fitted.sense,
        fitted.target_value,
        fitted.min_value,
        fitted.max_value,
        fitted.target_steps,
        fitted.last_y,
        fitted.n_points,
        fitted.n_moves,
        fitted.horizon,
        fitted.drift_y,
        fitted.drift_se,
        fitted.drift_df,
        fitted.min_points,
        fitted.min_points_p_miss,
        fitted.bound_margin_pct,
        fitted.state.l + {{ damping('fitted.phi', 'fitted.horizon') }}
        * fitted.state.b as damped_y,
        sqrt(
            fitted.state.sse / (fitted.state.n - 2) * (
                1 + coalesce(list_sum([
                    power(
                        fitted.alpha + fitted.alpha * fitted.beta
                        * ({{ damping('fitted.phi', 'j') }}),
                        2
                    )
                    for j in range(1, cast(fitted.horizon as bigint))
                ]), 0)
            )
        ) as damped_se,
        fitted.state.n - 2 as damped_df,
        -- Median of all slopes between two points (Theil 1950, Sen 1968).
        case
            when
                fitted.state is null and fitted.seasons = 1
                and fitted.scale = 'plain'
                then
                    list_median(flatten([
                        [
                            (q.y - p.y) / (q.step_no - p.step_no)
                            for q in fitted.known if q.step_no > p.step_no
                        ]
                        for p in fitted.known
                    ]))
        end as theil_sen_slope
    from fitted
)

select * from final
