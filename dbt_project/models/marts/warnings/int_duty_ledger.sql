with

touched as (
    select * from {{ ref('int_warnings_touched_duties') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

forms as (
    select
        form_code,
        name_en as form_name_en,
        coalesce(name_zh, name_en) as form_name_zh
    from {{ ref('stg_forms') }}
    where is_current
    qualify
        row_number() over (
            partition by form_code order by valid_from desc nulls last
        ) = 1
),

-- One line per duty that has fallen due, of units with news, numbered along
-- the unit's own time.
final as (
    select
        reports.form_code,
        reports.unit_code,
        reports.period,
        reports.due_at,
        reports.first_received_at,
        reports.is_reported,
        reports.is_on_time,
        reports.is_reported and not reports.is_on_time as is_late,
        row_number() over (
            partition by reports.form_code, reports.unit_code
            order by
                reports.due_at asc nulls last, reports.period asc nulls last
        ) as place,
        units.region_code,
        units.valid_to as unit_valid_to,
        units.name_en as unit_name_en,
        coalesce(units.name_zh, units.name_en) as unit_name_zh,
        forms.form_name_en,
        forms.form_name_zh
    from {{ ref('int_obligation_reports') }} as reports
    inner join units on reports.unit_code = units.unit_code
    inner join forms on reports.form_code = forms.form_code
    inner join touched
        on
            reports.form_code = touched.form_code
            and reports.unit_code = touched.unit_code
    where reports.is_due
)

select * from final
