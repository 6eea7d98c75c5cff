-- depends_on: {{ ref('int_progress_touched') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_keys('int_progress_touched', 'target_key') }}",
) }}

with

-- A chain is made anew from its first link each time.
levels as (
    select
        *,
        case
            when not is_kept_whole
                then points[-1].step_no - {{ open_steps() }}
        end as last_ended_step
    from {{ ref('int_forecast_points') }}
    where path_shape in ('linear', 'constant') and len(points) > 0
),

parted as (
    select
        *,
        list_concat(
            season_ends,
            [p for p in points if p.step_no <= levels.last_ended_step]
        ) as ended_points,
        [
            p for p in points
            if coalesce(p.step_no > levels.last_ended_step, true)
        ] as open_points
    from levels
),

final as (
    select
        target_key,
        source_kind,
        scale,
        ended_points[-1].step_no as ended_step,
        n_ended + len(ended_points) - len(season_ends) as n_ended,
        {{ fold_drift(
            '[m.state for m in parted.moves'
            ' if m.step_no <= parted.last_ended_step]',
            'ended'
        ) }} as ended,
        {{ fold_drift('[m.state for m in parted.moves]', 'ended') }} as changes,
        case
            -- No period is missing.
            when
                ended_points[-1].step_no - ended_points[-seasons].step_no
                = seasons - 1
                then ended_points[-seasons:]
            else [
                p for p in parted.ended_points
                if not list_contains(
                    [
                        (q.step_no - p.step_no) % parted.seasons
                        for q in parted.ended_points if q.step_no > p.step_no
                    ],
                    0
                )
            ]
        end as season_ends,
        open_points as points
    from parted
    union all by name
    select
        target_key,
        source_kind,
        scale,
        ended_step,
        n_ended,
        ended,
        changes,
        season_ends,
        points
    from {{ ref('int_forecast_standing') }}
    where goes_on
)

select * from final
