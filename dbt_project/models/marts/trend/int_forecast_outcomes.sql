-- depends_on: {{ ref('int_warnings_touched_targets') }}
{#- Kept by target, so that a wave looks only at the targets that it touches;
    how all forecasts did is a sum over few rows. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_keys('int_warnings_touched_targets', 'target_key') }}",
) }}

with

-- What has ended first: for a plan under way no history need be read. The mart
-- is named where it is read: an import that steps share is written out whole.
ends as (
    select
        target_key,
        target_end
    from {{ ref('int_target_terms') }}
    where
        target_end <= (
            select max(told.period_end)
            from {{ ref('indicator_progress') }} as told
        )
        {% if is_incremental() -%}
            and target_key in (
                select touched.target_key
                from {{ ref('int_warnings_touched_targets') }} as touched
            )
        {%- endif %}
),

outcomes as (
    select
        progress.target_key,
        progress.source_kind,
        ends.target_end,
        progress.value_to_date as outcome
    from {{ ref('indicator_progress') }} as progress
    inner join ends
        on
            progress.target_key = ends.target_key
            and progress.period_end = ends.target_end
    where progress.value_to_date is not null
),

-- Forecasts of the end that were made before it.
judged as (
    select
        progress.target_key,
        progress.source_kind,
        progress.forecast_method,
        cast(
            ceil(
                (
                    {{ month_index('outcomes.target_end') }}
                    - {{ month_index('progress.period_end') }}
                ) / 12
            ) as integer
        ) as horizon_years,
        progress.forecast_low80 is not null as has_interval,
        outcomes.outcome between progress.forecast_low80
        and progress.forecast_high80 as is_inside,
        100 * (progress.forecast_value - outcomes.outcome)
        / nullif(abs(outcomes.outcome), 0) as error_pct
    from {{ ref('indicator_progress') }} as progress
    inner join outcomes
        on
            progress.target_key = outcomes.target_key
            and progress.source_kind = outcomes.source_kind
            and progress.period_end < outcomes.target_end
    where progress.forecast_value is not null
),

-- Whole billionths add up to the same in any order.
final as (
    select
        target_key,
        source_kind,
        forecast_method,
        horizon_years,
        count(*) as n,
        count(*) filter (where has_interval) as n_intervals,
        count(*) filter (where is_inside) as n_inside,
        count(error_pct) as n_relative,
        sum(cast(round(error_pct, 9) as decimal(28, 9))) as sum_error_pct,
        sum(cast(round(abs(error_pct), 9) as decimal(28, 9)))
            as sum_absolute_error_pct
    from judged
    group by target_key, source_kind, forecast_method, horizon_years
)

select * from final
