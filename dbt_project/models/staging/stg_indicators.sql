{% set key = "indicator_code, definition_version" %}

with

source as (
    {{ visible_vintages('indicators', key) }}
),

final as (
    select
        indicator_code,
        definition_version,
        name_en,
        name_zh,
        domain,
        unit_measure,
        direction,
        frequency,
        aggregation,
        weight_indicator_code,
        cast(min_value as decimal(38, 10)) as min_value,
        cast(max_value as decimal(38, 10)) as max_value,
        cast(decimals as integer) as decimals,
        cast(is_key as boolean) as is_key,
        conf_status,
        definition,
        source_status,
        source,
        {{ vintage_columns(key) }}
    from source
)

select * from final
