{% set key %}
    plan_code, plan_version, indicator_code, child_plan_code,
    child_region_code, child_unit_code
{% endset %}

with

source as (
    {{ visible_vintages('target_waivers', key) }}
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        child_plan_code,
        child_region_code,
        child_unit_code,
        who as waived_by,
        why as waived_why,
        cast(until as date) as waived_until,
        document_no,
        source,
        {{ vintage_columns(key) }}
    from source
)

select * from final
