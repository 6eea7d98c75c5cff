{% set key = "rule_id, rule_version, parameter" %}

with

source as (
    {{ visible_vintages('rules', key) }}
),

final as (
    select
        rule_id,
        rule_version,
        parameter,
        value,
        source,
        source_status,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        {{ vintage_columns(key) }}
    from source
)

select * from final
