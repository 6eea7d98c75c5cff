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
        [p for p in points if p.step_no <= levels.last_ended_step] as ending,
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
        coalesce(ending[-1].step_no, ended_step) as ended_step,
        n_ended + len(ending) as n_ended,
        {{ fold_drift(
            '[m.state for m in parted.moves'
            ' if m.step_no <= parted.last_ended_step]',
            'ended'
        ) }} as ended,
        case
            when len(ending) = 0 then season_ends
            -- No period is missing: each season's last stands in its place.
            when ending[-1].step_no - ending[-seasons].step_no = seasons - 1
                then [
                    ending[
                        -1 - cast(
                            (
                                parted.ending[-1].step_no - s + 1
                            ) % parted.seasons as integer
                        )
                    ]
                    for s in range(1, seasons + 1)
                ]
            else [
                coalesce(
                    [
                        p for p in parted.ending
                        if {{ season_place('p.step_no', 'parted.seasons') }} = s
                    ][-1],
                    parted.season_ends[s]
                )
                for s in range(1, seasons + 1)
            ]
        end as season_ends,
        open_points as points
    from parted
)

select * from final
