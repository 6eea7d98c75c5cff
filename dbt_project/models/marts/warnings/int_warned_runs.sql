{#- A table: int_warnings keeps what is told of each run. -#}
{{ config(materialized='table', database='scratch') }}

with

runs as (
    select * from {{ ref('int_progress_runs') }}
),

-- What to show of the last period of a run. Runs that have ended with an
-- earlier period are told as they were before.
figures as (
    select
        target_key,
        source_kind,
        period,
        struct_pack(
            value := value,
            value_to_date := value_to_date,
            path_value := path_value,
            gap_pct := gap_pct,
            progress_share := progress_share,
            elapsed_share := elapsed_share,
            status_raw := status_raw,
            status_held := case
                when status_held <> 'not_rated' then status_held
                else status_raw
            end,
            p_miss := p_miss,
            forecast_value := forecast_value,
            forecast_low80 := forecast_low80,
            forecast_high80 := forecast_high80,
            forecast_method := forecast_method,
            n_points := n_points,
            observation_key := observation_key
        ) as figures
    from {{ ref('indicator_progress') }}
    where
        period_end >= {{ earliest('bound.seam', ref('int_warnings_seams')) }}
),

final as (
    select
        runs.* exclude (runs.is_told_before, runs.figures),
        case when runs.is_told_before then runs.figures else figures.figures end
            as figures
    from runs
    left join figures
        on
            runs.target_key = figures.target_key
            and runs.source_kind = figures.source_kind
            and runs.period = figures.period
)

select * from final
