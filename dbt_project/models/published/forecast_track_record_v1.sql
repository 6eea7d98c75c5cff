with

forecast_track_record as (
    select * from {{ ref('forecast_track_record') }}
),

final as (
    select
        forecast_method,
        horizon_years,
        source_kind,
        n,
        n_intervals,
        n_inside,
        share_inside_80,
        mean_error_pct,
        mean_absolute_error_pct
    from forecast_track_record
)

select * from final
