-- depends_on: {{ ref('stg_clock') }}
{{ config(
    tags='registries',
    pre_hook="{{ reset_watermark() }}",
    post_hook="{{ record_watermark() }}",
) }}

with

region_groups as (
    select * from {{ ref('stg_region_groups') }}
    where is_current
),

final as (
    select
        group_kind,
        group_code,
        region_code,
        valid_from,
        valid_to,
        known_from
    from region_groups
)

select * from final
