-- depends_on: {{ ref('int_progress_touched') }} {{ ref('int_target_terms') }}
{#- A table of few columns: its windows sort every period of every series. -#}
{{ config(
    materialized='table',
    pre_hook=["{{ forget_seeds() }}", "{{ keep_seeds() }}"],
) }}

{#- Periods of one length of one series, in order. A number stands for the
    series: what the windows sort must be narrow. -#}
{% set series = 'series_no' %}
{% set so_far %}
    over (
        partition by {{ series }}, segment_no order by place asc nulls last
        rows between unbounded preceding and current row
    )
{% endset %}
{% set before %}
    over (
        partition by {{ series }} order by place asc nulls last
        rows between unbounded preceding and current row
    )
{% endset %}

with

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
    from {{ source('ops', 'progress_seed') }}
),

rules as (
    select * from {{ ref('int_progress_rules') }}
),

-- Numbered once: both readers must see the same numbers.
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

numbered as materialized (
    select
        series.series_no,
        status.*
    from status
    inner join series
        on
            status.target_key = series.target_key
            and status.source_kind = series.source_kind
            and status.months_in_period = series.months_in_period
),

rated as (
    select
        status.series_no,
        status.place,
        cast(null as varchar) as held_before,
        cast(null as integer) as run_before_improving,
        cast(null as integer) as run_before_on_schedule,
        case
            when status.status_raw = 'achieved' then null
            -- Equality that does not meet a strict target is yellow.
            when status.status_raw = 'yellow'
                then greatest(status.gap_pct, 1e-10)
            else status.gap_pct
        end as gap,
        status.yellow_limit_pct as red_above,
        status.yellow_limit_pct - rules.improve_margin_pct as red_left_at,
        rules.improve_periods,
        rules.keep_missing_periods,
        status.status_raw
    from numbered as status
    cross join rules
    where status.status_raw <> 'not_rated'
    union all
    select
        series.series_no,
        seeds.place,
        seeds.status_held as held_before,
        seeds.improving_run as run_before_improving,
        seeds.on_schedule_run as run_before_on_schedule,
        cast(null as double) as gap,
        cast(null as double) as red_above,
        cast(null as double) as red_left_at,
        rules.improve_periods,
        rules.keep_missing_periods,
        seeds.status_raw
    from seeds
    inner join series
        on
            seeds.target_key = series.target_key
            and seeds.source_kind = series.source_kind
            and seeds.months_in_period = series.months_in_period
    cross join rules
),

neighbours as (
    select
        *,
        lag(place) over (
            partition by {{ series }} order by place asc nulls last
        ) as place_before,
        lag(status_raw) over (
            partition by {{ series }} order by place asc nulls last
        ) as status_before
    from rated
),

-- After too long a silence, and after a target was met, judging starts anew.
segmented as (
    select
        *,
        sum(
            case
                when
                    place - place_before <= keep_missing_periods + 1
                    and status_raw <> 'achieved'
                    and status_before <> 'achieved'
                    then 0
                else 1
            end
        ) over (
            partition by {{ series }} order by place asc nulls last
            rows between unbounded preceding and current row
        ) as segment_no
    from neighbours
),

-- The last period that broke a run of good ones.
runs as (
    select
        *,
        max(
            case
                when held_before = 'red' or gap > red_above then place
            end
        ) {{ so_far }} as last_red,
        max(
            case
                when held_before is not null
                    then place - run_before_improving
                when gap > red_left_at then place
                when place_before = place - 1 then null
                else place - 1
            end
        ) {{ so_far }} as improving_since,
        max(
            case
                when held_before is not null
                    then place - run_before_on_schedule
                when gap > 0 then place
                when place_before = place - 1 then null
                else place - 1
            end
        ) {{ so_far }} as on_schedule_since
    from segmented
),

reds as (
    select
        *,
        coalesce(
            last_red > max(
                case
                    when place - improving_since >= improve_periods
                        then place
                end
            ) {{ so_far }},
            last_red is not null
        ) as is_held_red
    from runs
),

left_reds as (
    select
        *,
        case
            when held_before is not null
                then held_before in ('red', 'yellow')
            else
                is_held_red
                or coalesce(
                    lag(is_held_red) over (
                        partition by {{ series }}, segment_no
                        order by place asc nulls last
                    ),
                    false
                )
                or gap > 0
        end as is_held_bad
    from reds
),

yellows as (
    select
        *,
        max(case when is_held_bad then place end) {{ so_far }} as last_bad,
        max(
            case
                when place - on_schedule_since >= improve_periods then place
            end
        ) {{ so_far }} as last_on_schedule
    from left_reds
),

held as (
    select
        *,
        place - improving_since as improving_run,
        place - on_schedule_since as on_schedule_run,
        case
            when status_raw = 'achieved' then 'achieved'
            when held_before is not null then held_before
            when improve_periods is null or red_left_at is null then null
            when is_held_red then 'red'
            when last_bad is null or last_on_schedule > last_bad then 'green'
            else 'yellow'
        end as status_held
    from yellows
),

judged as (
    select
        series_no,
        place,
        held_before is not null as is_seed,
        improving_run,
        on_schedule_run,
        keep_missing_periods,
        status_held as judged
    from held
    union all
    select
        numbered.series_no,
        numbered.place,
        false as is_seed,
        cast(null as integer) as improving_run,
        cast(null as integer) as on_schedule_run,
        rules.keep_missing_periods,
        cast(null as varchar) as judged
    from numbered
    cross join rules
    where numbered.status_raw = 'not_rated'
),

carried as (
    select
        *,
        max(case when judged is not null then place end) {{ before }}
            as last_place,
        max_by(judged, case when judged is not null then place end) {{ before }}
            as last_judged
    from judged
),

-- A period without a rating keeps the state of the last rated one for as
-- long as the rule says, and is never green for want of figures.
final as (
    select
        numbered.target_key,
        numbered.source_kind,
        numbered.period,
        carried.improving_run,
        carried.on_schedule_run,
        case
            when carried.judged is not null then carried.judged
            when
                carried.place - carried.last_place
                <= carried.keep_missing_periods
                then carried.last_judged
            else 'not_rated'
        end as status_held
    from carried
    inner join numbered
        on
            carried.series_no = numbered.series_no
            and carried.place = numbered.place
    where not carried.is_seed
)

select * from final
