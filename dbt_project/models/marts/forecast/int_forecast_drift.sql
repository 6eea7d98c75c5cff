with

series as (
    select * from {{ ref('int_forecast_series') }}
),

summed as (
    select
        *,
        changes.moves as n_moves,
        changes.span as total_span,
        case when changes.moves > 0 then changes.drift end as drift,
        case
            when changes.moves >= 2
                then changes.squares / (changes.moves - 1)
        end as variance,
        (target_step - anchor.step_no) / seasons as horizon
    from series
),

final as (
    select
        *,
        anchor.y + horizon * drift as drift_y,
        sqrt(variance * horizon * (1 + horizon / total_span)) as drift_se,
        n_moves - 1 as drift_df
    from summed
)

select * from final
