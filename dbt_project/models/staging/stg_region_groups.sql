{% set key = "group_kind, group_code, region_code, valid_from" %}

with

source as (
    {{ visible_vintages('region_groups', key) }}
),

final as (
    select
        group_kind,
        group_code,
        name_en,
        name_zh,
        region_code,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ vintage_columns(key) }}
    from source
)

select * from final
