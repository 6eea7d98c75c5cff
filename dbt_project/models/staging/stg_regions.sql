{% set key = "region_code, valid_from" %}

with

source as (
    {{ visible_vintages('regions', key) }}
),

final as (
    select
        region_code,
        name_en,
        name_zh,
        cast(level as integer) as level,
        parent_region_code,
        cast(area_km2 as double) as area_km2,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ vintage_columns(key) }}
    from source
)

select * from final
