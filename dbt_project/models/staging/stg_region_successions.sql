{% set key = "old_region_code, new_region_code, effective_on" %}

with

source as (
    {{ visible_vintages('region_successions', key) }}
),

final as (
    select
        old_region_code,
        new_region_code,
        cast(effective_on as date) as effective_on,
        kind,
        cast(weight as decimal(20, 10)) as weight,
        source,
        {{ vintage_columns(key) }}
    from source
)

select * from final
