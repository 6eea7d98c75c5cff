{% set key = "form_code, valid_from" %}

with

source as (
    {{ visible_vintages('forms', key) }}
),

final as (
    select
        form_code,
        name_en,
        name_zh,
        frequency,
        cast(due_days as integer) as due_days,
        unit_kind,
        cast(unit_level as integer) as unit_level,
        cast(valid_from as date) as valid_from,
        cast(valid_to as date) as valid_to,
        legal_basis,
        {{ vintage_columns(key) }}
    from source
)

select * from final
