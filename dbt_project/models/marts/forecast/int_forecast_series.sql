{% set terms %}
    target_key, source_kind, scale, step_no, seasons, path_shape, sense,
    target_value, min_value, max_value, target_step, target_steps
{% endset %}

with

-- One row for each period of the plan that is computed again.
wanted as (
    select
        *,
        target_step - start_step as target_steps,
        unnest([
            p.step_no for p in series.points
            if case
                when series.path_shape in ('linear', 'constant')
                    then
                        p.step_no * series.step_months
                        between series.first_told_month
                        and series.last_told_month
                else p.step_no > series.start_step
            end
        ]) as step_no
    from {{ ref('int_forecast_points') }} as series
),

-- What was there at that period, and nothing later.
cut as (
    select
        *,
        [p for p in wanted.points if p.step_no <= wanted.step_no] as known
    from wanted
),

final as (
    select
        {{ terms }},
        known,
        known[-1].y as last_y,
        -- The start of a chain is no figure that anyone observed.
        n_ended + len(known) - case
            when path_shape in ('linear', 'constant') then 0 else 1
        end as n_points,
        {{ fold_drift(
            '[m.state for m in cut.moves if m.step_no <= cut.step_no]', 'ended'
        ) }} as changes,
        coalesce(
            {{ last_of_season('cut.known', 'cut') }},
            {{ last_of_season('cut.season_ends', 'cut') }}
        ) as anchor
    from cut
    union all by name
    -- All points of these are known; of seasons nobody asks for them.
    select
        {{ terms }},
        cast([] as struct(step_no integer, y double)[]) as known,
        last_y,
        n_points,
        changes,
        anchor
    from {{ ref('int_forecast_standing') }}
    where goes_on and is_told
)

select * from final
