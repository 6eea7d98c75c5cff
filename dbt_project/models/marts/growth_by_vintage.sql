-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_moved_growth() }}",
    ],
    post_hook="{{ record_watermark(['fct_observation']) }}",
) }}

{% set series = official_series() %}

with

unread as (
    select distinct
        {{ series | join(', ') }},
        {{ period_months('period') }} as months,
        period_end
    from {{ ref('fct_observation') }}
    where
        unit_code is null
        {%- if is_incremental() %}
            and {{ is_unread_figure('growth_by_vintage') }}
        {%- endif %}
),

-- A figure moves its own growth and that of the same part of the next year.
ends as (
    select * from unread
    union
    select
        {{ series | join(', ') }},
        months,
        last_day(period_end + to_months(12)) as period_end
    from unread
),

moved as (
    {{ figures_of('ends') }}
),

ends_before as (
    select distinct
        {{ series | join(', ') }},
        months,
        last_day(period_end - to_months(12)) as period_end
    from moved
),

-- The same part of the year before, in any vintage.
figures_before as (
    {{ figures_of('ends_before') }}
),

before as (
    select distinct
        series_key,
        period,
        months,
        period_end
    from figures_before
),

paired as (
    select
        moved.*,
        before.period as previous_period
    from moved
    inner join before
        on
            moved.series_key = before.series_key
            and moved.months = before.months
            and last_day(moved.period_end - to_months(12)) = before.period_end
),

-- Only a figure that was published together with this one is comparable: a
-- base that was revised later would show as growth.
final as (
    select
        paired.source_kind,
        paired.source_code,
        paired.region_code,
        paired.indicator_code,
        paired.definition_version,
        paired.period,
        paired.breakdown,
        paired.known_from,
        paired.series_key,
        paired.observation_key,
        paired.value,
        paired.previous_period,
        bases.value as previous_value,
        case
            when bases.value > 0
                then
                    round(
                        100.0 * (
                            cast(paired.value as double)
                            / cast(bases.value as double) - 1
                        ),
                        10
                    )
        end as growth_pct,
        case
            when bases.value is null
                then 'the year before was not published together with it'
            when bases.value <= 0 then 'the year before is not above 0'
        end as not_computed_reason,
        paired.known_to is null as is_latest
    from paired
    left join figures_before as bases
        on
            paired.series_key = bases.series_key
            and paired.previous_period = bases.period
            and paired.known_from = bases.known_from
)

select * from final
