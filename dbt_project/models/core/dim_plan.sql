-- depends_on: {{ ref('stg_clock') }}
{{ config(
    tags='registries',
    pre_hook="{{ reset_watermark() }}",
    post_hook="{{ record_watermark() }}",
) }}

with

plans as (
    select * from {{ ref('stg_plans') }}
    where is_current
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
        period_start,
        period_end,
        known_from
    from plans
)

select * from final
