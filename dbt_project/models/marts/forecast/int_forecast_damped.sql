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

final as (
    select
        *,
        state.l + {{ damping('phi', 'horizon') }} * state.b as damped_y,
        sqrt(
            state.sse / (state.n - 2) * (
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
        state.n - 2 as damped_df
    from fitted
)

select * from final
