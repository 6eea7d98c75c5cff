{% set key = "form_code, indicator_code, coalesce(breakdown, '_T')" %}

with

source as (
    {{ visible_vintages('form_items', key) }}
),

final as (
    select
        form_code,
        indicator_code,
        coalesce(breakdown, '_T') as breakdown,
        coalesce(cast(compulsory as boolean), true) as compulsory,
        {{ vintage_columns(key) }}
    from source
)

select * from final
