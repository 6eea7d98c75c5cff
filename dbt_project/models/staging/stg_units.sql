{% set key = "unit_code, valid_from" %}

with

source as (
    {{ visible_vintages('units', key) }}
),

final as (
    select
        unit_code,
        name_en,
        name_zh,
        unit_kind,
        cast(level as integer) as level,
        parent_unit_code,
        region_code,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        contact,
        {{ vintage_columns(key) }}
    from source
)

select * from final
