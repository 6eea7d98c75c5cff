-- depends_on: {{ ref('int_warnings_touched') }}
-- depends_on: {{ ref('indicator_trend') }} {{ ref('int_forecast_outcomes') }}
-- depends_on: {{ ref('int_warnings_clock') }} {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_warnings('int_warnings_touched') }}",
    ],
    post_hook="{{ record_watermark(
        ['indicator_progress', 'fct_observation', 'fct_target', 'dim_plan',
         'dim_indicator'],
        'int_warnings_clock'
    ) }}",
) }}

with

progress as (
    select * from {{ ref('int_told_progress') }}
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

final as (
    select * from progress
    union all
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
)

select * from final
