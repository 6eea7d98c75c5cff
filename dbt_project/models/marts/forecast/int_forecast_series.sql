with

points as (
    select * from {{ ref('int_forecast_points') }}
),

terms as (
    select
        *,
        cast(
            {{ month_index('target_end') }} / step_months as integer
        ) as target_step,
        cast((first_month - 1) / step_months as integer) as start_step
    from {{ ref('int_target_terms') }}
),

-- Sorted afterwards: an ordered aggregate keeps a buffer for each group.
histories as (
    select
        target_key,
        source_kind,
        scale,
        list_sort(list(struct_pack(
            step_no := step_no, season := season, y := y,
            span := span, moved := moved
        ))) as history
    from points
    group by target_key, source_kind, scale
),

-- What was there at each reported period, and nothing later.
cut as (
    select
        points.target_key,
        points.source_kind,
        points.scale,
        points.step_no,
        points.seasons,
        points.y as last_y,
        [
            p for p in histories.history if p.step_no <= points.step_no
        ] as known
    from points
    inner join histories
        on
            points.target_key = histories.target_key
            and points.source_kind = histories.source_kind
            and points.scale = histories.scale
    where points.is_in_plan
),

final as (
    select
        cut.target_key,
        cut.source_kind,
        cut.scale,
        cut.step_no,
        cut.last_y,
        cut.known,
        cut.seasons,
        terms.path_shape,
        terms.sense,
        terms.target_value,
        terms.min_value,
        terms.max_value,
        terms.target_step,
        terms.target_step - terms.start_step as target_steps,
        -- The start of a chain is no figure that anyone observed.
        len(cut.known) - case
            when terms.path_shape in ('linear', 'constant') then 0 else 1
        end as n_points,
        [d for d in cut.known if d.span is not null] as moves,
        [
            a for a in cut.known
            if a.season = terms.target_step % cast(cut.seasons as integer)
        ][-1] as anchor
    from cut
    inner join terms on cut.target_key = terms.target_key
)

select * from final
