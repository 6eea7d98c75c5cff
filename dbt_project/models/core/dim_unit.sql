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

units as (
    select * from {{ ref('stg_units') }}
    where is_current
),

final as (
    select
        units.unit_code,
        units.name_en,
        units.name_zh,
        units.unit_kind,
        units.level,
        units.parent_unit_code,
        units.region_code,
        units.valid_from,
        units.valid_to,
        units.contact,
        units.known_from
    from units
    cross join clock
    qualify
        {{ slice_in_force('units.unit_code') }}
)

select * from final
