-- depends_on: {{ ref('int_warnings_seams') }} {{ ref('stg_clock') }}
-- depends_on: {{ ref('int_warnings_touched_duties') }}
-- depends_on: {{ ref('int_warned_series') }} {{ ref('int_progress_runs') }}
-- depends_on: {{ ref('int_warned_runs') }}
-- depends_on: {{ ref('indicator_trend') }} {{ ref('int_forecast_outcomes') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_warnings() }}",
    ],
    post_hook=[
        "{{ keep_warned(
            'warning_series', 'int_warned_series', ['target_key', 'source_kind']
        ) }}",
        "{{ keep_warned(
            'warning_run', 'int_progress_runs',
            ['rule_id', 'target_key', 'source_kind'], 'int_warned_runs'
        ) }}",
        "{{ record_watermark(
            ['indicator_progress', 'fct_observation', 'fct_submission',
             'fct_target', 'dim_plan', 'dim_indicator'],
            'int_warnings_clock'
        ) }}",
    ],
) }}

with

clock as (
    select * from {{ ref('int_warnings_clock') }}
),

target_weakened as (
    select * from {{ ref('int_told_target_weakened') }}
),

silent_unit as (
    select * from {{ ref('int_told_silent_unit') }}
),

late_unit as (
    select * from {{ ref('int_told_late_unit') }}
),

plan_expired as (
    select * from {{ ref('int_told_plan_expired') }}
),

milestone as (
    select * from {{ ref('int_told_milestone') }}
),

debt_class as (
    select * from {{ ref('int_told_debt_class') }}
),

alignment as (
    select * from {{ ref('int_told_alignment') }}
),

told as (
    select * from target_weakened
    union all
    select * from silent_unit
    union all
    select * from late_unit
    union all
    select * from plan_expired
    union all
    select * from milestone
    union all
    select * from debt_class
    union all
    select * from alignment
),

-- The clock at which the row was written, for what reads it.
final as (
    select
        told.*,
        clock.load_seq,
        clock.as_of
    from told
    cross join clock
)

select * from final
