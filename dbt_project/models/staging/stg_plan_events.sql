{% set key = "plan_code, plan_version, event, event_on" %}

with

source as (
    {{ visible_vintages('plan_events', key) }}
),

final as (
    select
        plan_code,
        plan_version,
        event,
        cast(event_on as date) as event_on,
        document_no,
        reason,
        source,
        {{ vintage_columns(key) }}
    from source
)

select * from final
