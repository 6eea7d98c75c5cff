-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='series_key',
    on_schema_change='fail',
    pre_hook=["{{ reset_watermark() }}", "{{ refuse_going_back() }}"],
    post_hook="{{ record_watermark(['fct_observation']) }}",
) }}

{% set series = [
    'source_kind', 'source_code', 'region_code', 'indicator_code',
    'definition_version', 'breakdown',
] %}

with

figures as (
    select
        *,
        {{ hash_key(series) }} as series_key,
        {{ period_months('period') }} as months
    from {{ ref('fct_observation') }}
    where unit_code is null and value is not null
),

touched as (
    select distinct series_key
    from figures
    {% if is_incremental() -%}
        where {{ is_unread('growth_by_vintage') }}
    {%- endif %}
),

moved as (
    select figures.*
    from figures
    inner join touched on figures.series_key = touched.series_key
),

-- The same part of the year before, in any vintage.
before as (
    select distinct
        series_key,
        period,
        months,
        period_end
    from moved
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
            and {{ month_index('moved.period_end') }}
            = {{ month_index('before.period_end') }} + 12
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
    left join moved as bases
        on
            paired.series_key = bases.series_key
            and paired.previous_period = bases.period
            and paired.known_from = bases.known_from
)

select * from final
