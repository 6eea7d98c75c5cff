{#- A table of few columns: the walk looks every period of every series up. -#}
{{ config(materialized='table', database='scratch') }}

with recursive

status as (
    select
        target_key,
        source_kind,
        period,
        status_raw,
        gap_pct,
        yellow_limit_pct,
        {{ period_months('period') }} as months_in_period,
        cast(
            ceil(months_elapsed / {{ period_months('period') }}) as integer
        ) as place
    from {{ ref('int_progress_status') }}
),

-- Where the series stood before the first period that is computed again.
seeds as (
    select
        *,
        {{ period_months('period') }} as months_in_period
    from {{ ref('int_progress_seeds') }}
),

rules as (
    select * from {{ ref('int_progress_rules') }}
),

-- Periods of one length of one series. A number stands for the series: what is
-- sorted and looked up must be narrow. Numbered once: all readers must see the
-- same numbers.
series as materialized (
    select
        *,
        row_number() over () as series_no
    from (
        select distinct
            target_key,
            source_kind,
            months_in_period
        from status
    ) as told
),

periods as materialized (
    select
        series.series_no,
        status.place,
        status.period,
        status.status_raw,
        status.yellow_limit_pct,
        -- Equality that does not meet a strict target is yellow.
        case status.status_raw
            when 'achieved' then null
            when 'yellow' then greatest(status.gap_pct, 1e-10)
            else status.gap_pct
        end as gap,
        row_number() over (
            partition by series.series_no order by status.place asc nulls last
        ) as step_no
    from status
    inner join series
        on
            status.target_key = series.target_key
            and status.source_kind = series.source_kind
            and status.months_in_period = series.months_in_period
),

-- Period by period: the state of the last rated one, and what is held now. Only
-- what comes of a period itself is kept of it; the rest goes on to the next.
walk (
    series_no, step_no, place, status_raw, status_held, improving_run,
    on_schedule_run, period, told_status, is_rated
) as (
    select
        series.series_no,
        cast(0 as bigint) as step_no,
        seeds.place,
        seeds.status_raw,
        seeds.status_held,
        seeds.improving_run,
        seeds.on_schedule_run,
        cast(null as varchar) as period,
        cast(null as varchar) as told_status,
        false as is_rated
    from series
    left join seeds
        on
            series.target_key = seeds.target_key
            and series.source_kind = seeds.source_kind
            and series.months_in_period = seeds.months_in_period
    union all
    select
        judged.series_no,
        judged.step_no,
        case when judged.is_rated then judged.place else judged.place_before end
            as place,
        case
            when judged.is_rated then judged.status_raw
            else judged.raw_before
        end as status_raw,
        coalesce(judged.status_held, judged.held_before) as status_held,
        case
            when judged.is_rated then judged.improving_run
            else judged.improving_before
        end as improving_run,
        case
            when judged.is_rated then judged.on_schedule_run
            else judged.on_schedule_before
        end as on_schedule_run,
        judged.period,
        -- A period without a rating keeps the state of the last rated one for
        -- as long as the rule says, and is never green for want of figures.
        case
            when judged.status_held is not null then judged.status_held
            when
                judged.place - judged.place_before
                <= judged.keep_missing_periods
                then judged.held_before
            else 'not_rated'
        end as told_status,
        judged.is_rated
    from (
        select
            runs.*,
            case
                when not runs.is_rated then null
                when runs.status_raw = 'achieved' then 'achieved'
                when
                    runs.improve_periods is null or runs.red_left_at is null
                    then null
                when runs.gap > runs.yellow_limit_pct then 'red'
                when
                    runs.held_before = 'red' and not runs.is_anew
                    then
                        case
                            when runs.improving_run >= runs.improve_periods
                                then 'yellow'
                            else 'red'
                        end
                when runs.gap > 0 then 'yellow'
                when
                    runs.held_before = 'yellow' and not runs.is_anew
                    and coalesce(
                        runs.on_schedule_run < runs.improve_periods, true
                    )
                    then 'yellow'
                else 'green'
            end as status_held
        from (
            select
                steps.*,
                -- How many periods in a row it has been good enough.
                case
                    when steps.gap > steps.red_left_at then 0
                    when steps.place - steps.place_before > 1 then 1
                    when steps.place_before is null then 1
                    when not steps.is_anew then steps.improving_before + 1
                end as improving_run,
                case
                    when steps.gap > 0 then 0
                    when steps.place - steps.place_before > 1 then 1
                    when steps.place_before is null then 1
                    when not steps.is_anew then steps.on_schedule_before + 1
                end as on_schedule_run
            from (
                select
                    periods.*,
                    walk.place as place_before,
                    walk.status_raw as raw_before,
                    walk.status_held as held_before,
                    walk.improving_run as improving_before,
                    walk.on_schedule_run as on_schedule_before,
                    rules.improve_periods,
                    rules.keep_missing_periods,
                    periods.yellow_limit_pct - rules.improve_margin_pct
                        as red_left_at,
                    periods.status_raw <> 'not_rated' as is_rated,
                    -- After too long a silence, and after a target was met,
                    -- judging starts anew.
                    not coalesce(
                        periods.place - walk.place
                        <= rules.keep_missing_periods + 1
                        and periods.status_raw <> 'achieved'
                        and walk.status_raw <> 'achieved',
                        false
                    ) as is_anew
                from walk
                inner join periods
                    on
                        walk.series_no = periods.series_no
                        and walk.step_no + 1 = periods.step_no
                cross join rules
            ) as steps
        ) as runs
    ) as judged
),

final as (
    select
        series.target_key,
        series.source_kind,
        walk.period,
        case when walk.is_rated then walk.improving_run end as improving_run,
        case when walk.is_rated then walk.on_schedule_run end
            as on_schedule_run,
        walk.told_status as status_held
    from walk
    inner join series on walk.series_no = series.series_no
    where walk.step_no > 0
)

select * from final
