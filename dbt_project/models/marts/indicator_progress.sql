-- depends_on: {{ ref('int_progress_touched') }}
-- depends_on: {{ ref('int_progress_clock') }} {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_touched('int_progress_touched', 'target_key') }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation', 'fct_target', 'dim_plan', 'dim_indicator'],
        'int_progress_clock'
    ) }}",
) }}

with

rated as (
    select
        *,
        case
            when {{ period_months('period') }} = step_months
                then
                    cast(
                        {{ month_index('period_end') }} / step_months as integer
                    )
        end as step_no
    from {{ ref('int_progress_lenses') }}
),

forecasts as (
    select * from {{ ref('int_forecasts') }}
),

final as (
    select
        rated.plan_code,
        rated.plan_version,
        rated.indicator_code,
        rated.definition_version,
        rated.region_code,
        rated.unit_code,
        rated.breakdown,
        rated.source_kind,
        rated.period,
        rated.period_end,
        {{ frequency_of('rated.period') }} as frequency,
        rated.target_key,
        rated.target_type,
        rated.binding,
        rated.strictness,
        rated.baseline_value,
        rated.target_value,
        rated.value,
        rated.value_to_date,
        rated.progress_share,
        round(rated.elapsed_share, 10) as elapsed_share,
        rated.pace,
        rated.path_value,
        rated.gap_pct,
        rated.status_raw,
        rated.status_held,
        rated.improving_run,
        rated.on_schedule_run,
        rated.path_pace,
        rated.required_rate,
        rated.eurostat_ratio,
        rated.eurostat_class,
        rated.csi,
        rated.distance_to_target,
        forecasts.forecast_value,
        forecasts.forecast_se,
        forecasts.forecast_low80,
        forecasts.forecast_high80,
        forecasts.p_miss,
        coalesce(forecasts.forecast_method, 'none') as forecast_method,
        coalesce(forecasts.n_points, 0) as n_points,
        forecasts.theil_sen_slope,
        rated.official_label,
        rated.not_rated_reason,
        rated.rule_version,
        rated.observation_key,
        rated.known_from
    from rated
    left join forecasts
        on
            rated.target_key = forecasts.target_key
            and rated.source_kind = forecasts.source_kind
            and rated.step_no = forecasts.step_no
)

select * from final
