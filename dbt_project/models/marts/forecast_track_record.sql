with

outcomes as (
    select * from {{ ref('int_forecast_outcomes') }}
),

added as (
    select
        forecast_method,
        horizon_years,
        source_kind,
        cast(sum(n) as bigint) as n,
        cast(sum(n_intervals) as bigint) as n_intervals,
        cast(sum(n_inside) as bigint) as n_inside,
        cast(sum(n_relative) as bigint) as n_relative,
        cast(sum(sum_error_pct) as double) as sum_error_pct,
        cast(sum(sum_absolute_error_pct) as double) as sum_absolute_error_pct
    from outcomes
    group by forecast_method, horizon_years, source_kind
),

final as (
    select
        forecast_method,
        horizon_years,
        source_kind,
        n,
        n_intervals,
        n_inside,
        round(cast(n_inside as double) / nullif(n_intervals, 0), 10)
            as share_inside_80,
        round(sum_error_pct / nullif(n_relative, 0), 10) as mean_error_pct,
        round(sum_absolute_error_pct / nullif(n_relative, 0), 10)
            as mean_absolute_error_pct
    from added
)

select * from final
