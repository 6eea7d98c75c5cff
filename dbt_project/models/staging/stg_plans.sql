{% set key = "plan_code, plan_version" %}

with

source as (
    {{ visible_vintages('plans', key) }}
),

final as (
    select
        plan_code,
        plan_version,
        name_en,
        name_zh,
        parent_plan_code,
        predecessor_plan_code,
        region_code,
        cast(period_start as date) as period_start,
        cast(period_end as date) as period_end,
        source,
        {{ vintage_columns(key) }}
    from source
)

select * from final
