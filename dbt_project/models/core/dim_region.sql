-- depends_on: {{ ref('stg_clock') }}
{{ config(
    tags='registries',
    pre_hook="{{ reset_watermark() }}",
    post_hook="{{ record_watermark() }}",
) }}

with

clock as (
    select * from {{ ref('stg_clock') }}
),

regions as (
    select * from {{ ref('stg_regions') }}
    where is_current
),

final as (
    select
        regions.region_code,
        regions.name_en,
        regions.name_zh,
        regions.level,
        regions.parent_region_code,
        regions.area_km2,
        regions.valid_from,
        regions.valid_to,
        regions.known_from
    from regions
    cross join clock
    qualify
        {{ slice_in_force('regions.region_code') }}
)

select * from final
