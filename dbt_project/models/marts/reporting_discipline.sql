-- depends_on: {{ ref('int_reports_touched') }} {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_touched_reports(['form_code', 'period']) }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation', 'fct_obligation', 'fct_submission']
    ) }}",
) }}

with

touched as (
    select distinct
        form_code,
        period
    from {{ ref('int_reports_touched') }}
),

reports as (
    select reports.*
    from {{ ref('int_obligation_reports') }} as reports
    inner join touched
        on
            reports.form_code = touched.form_code
            and reports.period = touched.period
    where
        reports.period_end >= {{ earliest(
            'bound.period_end', ref('int_reports_touched')
        ) }}
),

ancestors as (
    select * from {{ ref('int_unit_ancestors') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

-- Counted from what is owed, so that silence shows as 0 and not as no row, and
-- for those above a unit at the end of the period.
counted as (
    select
        reports.form_code,
        reports.period,
        ancestors.ancestor_unit_code as unit_code,
        count(*) as expected_reports,
        count(*) filter (where reports.is_due) as due_reports,
        count(*) filter (where reports.is_reported) as actual_reports,
        count(*) filter (where reports.is_on_time) as on_time_reports,
        cast(sum(reports.required_cells) as bigint) as required_cells,
        cast(sum(reports.accepted_cells) as bigint) as accepted_cells,
        cast(median(reports.days_late) as double) as median_days_late
    from reports
    inner join ancestors
        on
            reports.unit_code = ancestors.unit_code
            and coalesce(reports.period_end >= ancestors.valid_from, true)
            and coalesce(reports.period_end <= ancestors.valid_to, true)
    group by
        reports.form_code, reports.period, ancestors.ancestor_unit_code
),

final as (
    select
        counted.form_code,
        counted.period,
        counted.unit_code,
        units.level as unit_level,
        counted.expected_reports,
        counted.due_reports,
        counted.actual_reports,
        counted.on_time_reports,
        round(100.0 * counted.actual_reports / counted.expected_reports, 10)
            as reporting_rate,
        round(100.0 * counted.on_time_reports / counted.expected_reports, 10)
            as on_time_rate,
        counted.required_cells,
        counted.accepted_cells,
        round(
            100.0 * counted.accepted_cells / nullif(counted.required_cells, 0),
            10
        ) as completeness,
        counted.median_days_late
    from counted
    inner join units on counted.unit_code = units.unit_code
)

select * from final
