{#- What stands of each touched series of levels, beside what is new. Where one
    point is new, after all that is kept, the series goes on: nearly all do in most
    waves. To look at that point alone takes a fraction of what it takes to line up
    the points of a series, as int_forecast_points does for all others. Yearly series
    are few and go there, as do those on two scales. -#}
{{ config(materialized='table', database='scratch') }}

{% set history = past('intermediate', 'int_forecast_history') %}

with

levels as (
    select
        terms.target_key,
        terms.path_shape,
        terms.step_months,
        terms.sense,
        terms.target_value,
        terms.min_value,
        terms.max_value,
        {{ in_steps('(terms.first_month - 1)', 'terms') }} as start_step,
        {{ in_steps(month_index('terms.target_end'), 'terms') }}
            as target_step,
        terms.first_month + terms.step_months - 1 as first_told_month,
        terms.first_month + terms.plan_months - 1 as last_told_month,
        cast(12 / terms.step_months as integer) as seasons,
        terms.unit_code is null as is_kept_whole,
        {{ month_index('touched.from_end') }} as from_month,
        -- A level has a past before its plan, and goes on after it.
        terms.step_months < 12
        and touched.from_end >= terms.plan_start
        and terms.plan_end >= (
            select max(known.period_end)
            from {{ ref('fct_observation') }} as known
        )
        and (terms.min_value is null or terms.max_value is null) as may_go_on
    from {{ ref('int_target_terms') }} as terms
    inner join {{ ref('int_progress_touched') }} as touched
        on terms.target_key = touched.target_key
    where terms.path_shape in ('linear', 'constant')
),

-- Of a history made anew none: nothing is remembered that could go on.
figures as (
    select
        target_key,
        source_kind,
        min({{ month_index('period_end') }}) as month_no,
        min(value) as y,
        count(*) as n_figures
    from {{ ref('int_progress_steps') }}
    where
        period_no is not null
        and path_shape in ('linear', 'constant')
        and value is not null
        and {{ 'true' if history else 'false' }}
    group by target_key, source_kind
),

{% if history -%}
    kept as (
        select * from {{ history }}
    ),
{%- else -%}
    kept as (
        select
            target_key,
            source_kind,
            cast(null as varchar) as scale,
            cast(null as integer) as ended_step,
            cast(null as bigint) as n_ended,
            {{ drift_state() }} as ended,
            {{ drift_state() }} as changes,
            cast([] as struct(step_no integer, y double)[]) as season_ends,
            cast([] as struct(step_no integer, y double)[]) as points
        from figures
        where false
    ),
{%- endif %}

standing as (
    select
        levels.*,
        kept.* exclude (kept.target_key),
        len(kept.season_ends) as n_season_ends,
        len(kept.points) as n_open,
        len(kept.season_ends) + len(kept.points) as n_reached
    from levels
    left join kept on levels.target_key = kept.target_key
),

paired as (
    select
        standing.* exclude (standing.target_key, standing.source_kind),
        coalesce(standing.target_key, figures.target_key) as target_key,
        coalesce(standing.source_kind, figures.source_kind) as source_kind,
        figures.n_figures,
        {{ in_steps('figures.month_no', 'standing') }} as step_no,
        figures.y
    from standing
    full outer join figures
        on
            standing.target_key = figures.target_key
            and standing.source_kind = figures.source_kind
),

placed as (
    select
        *,
        struct_pack(step_no := step_no, y := y) as new_point,
        coalesce(
            may_go_on
            and scale = 'plain'
            and n_figures = 1
            and points[-1].step_no * step_months < from_month
            and (
                is_kept_whole
                or coalesce(
                    points[2].step_no > step_no - {{ open_steps() }}, true
                )
            ),
            false
        ) as goes_on,
        -- Then the place of a point says of which period it is.
        step_no - coalesce(season_ends[1].step_no, points[1].step_no)
        = n_reached as is_gapless,
        not is_kept_whole and points[1].step_no <= step_no - {{ open_steps() }}
            as is_ending,
        n_reached + 1 - (step_no % seasons - target_step % seasons + seasons)
        % seasons as anchor_place
    from paired
),

-- The last points of the season of the new one, of that of the target, and of
-- that of the point that ends: of what a season left behind, the last is kept.
moved as (
    select
        *,
        case
            when not is_gapless
                then [
                    p for p in list_concat(season_ends, points)
                    if (placed.step_no - p.step_no) % placed.seasons = 0
                ][-1]
            when n_reached >= seasons
                then {{ point_in_place('n_reached + 1 - seasons') }}
        end as year_before,
        case
            when not is_gapless
                then [
                    p for p in list_append(
                        list_concat(season_ends, points), new_point
                    )
                    if (placed.target_step - p.step_no) % placed.seasons = 0
                ][-1]
            when anchor_place >= 1 then {{ point_in_place('anchor_place') }}
        end as anchor,
        case
            when is_ending and not is_gapless
                then [
                    p for p in season_ends
                    if (placed.points[1].step_no - p.step_no)
                    % placed.seasons = 0
                ][-1]
            when is_ending and n_season_ends = seasons then season_ends[1]
        end as year_before_ending
    from placed
),

measured as (
    select
        *,
        {{ move_of('new_point', 'year_before') }} as new_move,
        {{ move_of('points[1]', 'year_before_ending') }} as ending_move
    from moved
),

final as (
    select
        target_key,
        source_kind,
        goes_on,
        scale,
        step_no,
        step_no * step_months between first_told_month and last_told_month
            as is_told,
        seasons,
        path_shape,
        sense,
        target_value,
        min_value,
        max_value,
        target_step,
        target_step - start_step as target_steps,
        y as last_y,
        n_ended + n_open + 1 as n_points,
        anchor,
        case
            when year_before is null then changes
            else {{ add_drift('changes', 'new_move') }}
        end as changes,
        case when is_ending then points[1].step_no else ended_step end
            as ended_step,
        n_ended + case when is_ending then 1 else 0 end as n_ended,
        case
            when year_before_ending is null then ended
            else {{ add_drift('ended', 'ending_move') }}
        end as ended,
        case
            when not is_ending then season_ends
            when year_before_ending is null
                then list_append(season_ends, points[1])
            when is_gapless then list_append(season_ends[2:], points[1])
            else list_append(
                [
                    p for p in season_ends
                    if p.step_no <> measured.year_before_ending.step_no
                ],
                points[1]
            )
        end as season_ends,
        list_append(
            case when is_ending then points[2:] else points end, new_point
        ) as points
    from measured
)

select * from final
