with

reporting_discipline as (
    select * from {{ ref('reporting_discipline') }}
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
    from reporting_discipline
)

select * from final
