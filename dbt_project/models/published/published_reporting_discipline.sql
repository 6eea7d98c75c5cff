{{ config(alias='reporting_discipline') }}

with

reporting_discipline_v1 as (
    select * from {{ ref('reporting_discipline_v1') }}
),

final as (
    select
        form_code,
        period,
        unit_code,
        unit_level,
        expected_reports,
        due_reports,
        actual_reports,
        on_time_reports,
        reporting_rate,
        on_time_rate,
        required_cells,
        accepted_cells,
        completeness,
        median_days_late
    from reporting_discipline_v1
)

select * from final
