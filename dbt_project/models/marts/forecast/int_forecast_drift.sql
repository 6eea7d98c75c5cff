with

series as (
    select * from {{ ref('int_forecast_series') }}
),

summed as (
    select
        *,
        len(moves) as n_moves,
        list_sum([m.span for m in series.moves]) as total_span,
        list_sum([m.moved for m in series.moves]) as total_moved,
        (target_step - anchor.step_no) / seasons as horizon
    from series
),

spread as (
    select
        *,
        total_moved / total_span as drift,
        case
            when n_moves >= 2
                then
                    list_sum([
                        power(
                            m.moved
                            - m.span * summed.total_moved / summed.total_span,
                            2
                        ) / m.span
                        for m in summed.moves
                    ]) / (n_moves - 1)
        end as variance
    from summed
),

final as (
    select
        *,
        anchor.y + horizon * drift as drift_y,
        sqrt(variance * horizon * (1 + horizon / total_span)) as drift_se,
        n_moves - 1 as drift_df
    from spread
)

select * from final
