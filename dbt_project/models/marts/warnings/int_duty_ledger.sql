{#- A table of few columns: names are looked up for what is told only. -#}
{{ config(materialized='table', database='scratch') }}

with

touched as (
    select * from {{ ref('int_warnings_touched_duties') }}
),

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_LATE_UNIT'
),

-- Units with news. Of those that were always on time there is nothing to tell,
-- unless the rule takes no late report for too many.
noticed as (
    select distinct
        reports.form_code,
        reports.unit_code
    from {{ ref('int_obligation_reports') }} as reports
    inner join touched
        on
            reports.form_code = touched.form_code
            and reports.unit_code = touched.unit_code
    where
        reports.is_due
        and (
            not reports.is_on_time
            or exists (
                select 1 from rule
                where rule.late_share_pct <= 0
            )
        )
),

-- One line per duty that has fallen due, numbered along the unit's own time.
final as (
    select
        reports.form_code,
        reports.unit_code,
        reports.period,
        reports.due_at,
        reports.first_received_at,
        reports.is_reported,
        reports.is_reported and not reports.is_on_time as is_late,
        row_number() over (
            partition by reports.form_code, reports.unit_code
            order by
                reports.due_at asc nulls last, reports.period asc nulls last
        ) as place
    from {{ ref('int_obligation_reports') }} as reports
    inner join noticed
        on
            reports.form_code = noticed.form_code
            and reports.unit_code = noticed.unit_code
    where reports.is_due
)

select * from final
