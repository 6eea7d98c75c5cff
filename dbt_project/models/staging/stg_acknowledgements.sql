{#- A table: early_warning is a view, and the model of an earlier day stands in
    a file without raw. -#}
{{ config(materialized='table', tags='registries') }}

{% set key = "warning_id, acknowledged_at" %}

with

source as (
    {{ visible_vintages('acknowledgements', key) }}
),

final as (
    select
        warning_id,
        cast(acknowledged_at as timestamp) as acknowledged_at,
        acknowledged_by,
        why,
        cast(until as date) as acknowledged_until,
        severity,
        {{ vintage_columns(key) }}
    from source
)

select * from final
