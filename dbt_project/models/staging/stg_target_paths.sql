{% set key %}
    plan_code, plan_version, indicator_code, region_code, unit_code,
    period
{% endset %}

with

source as (
    {{ visible_vintages('target_paths', key) }}
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        region_code,
        unit_code,
        period,
        cast(path_value as decimal(38, 10)) as path_value,
        source,
        {{ vintage_columns(key) }}
    from source
)

select * from final
