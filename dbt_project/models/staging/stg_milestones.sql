{% set key = "milestone_code" %}

with

source as (
    {{ visible_vintages('milestones', key) }}
),

final as (
    select
        milestone_code,
        plan_code,
        plan_version,
        name_en,
        name_zh,
        region_code,
        responsible_unit_code,
        cast(planned_start_on as date) as planned_start_on,
        cast(due_on as date) as due_on,
        cast(started_on as date) as started_on,
        cast(done_on as date) as done_on,
        cast(share_done as double) as share_done,
        project_code,
        verification,
        source,
        {{ vintage_columns(key) }}
    from source
)

select * from final
