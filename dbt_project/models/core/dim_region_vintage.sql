{{ config(
    tags='registries',
    post_hook="{{ table_macro('region_as_of', 'moment, day := null', region_as_of()) }}",
) }}

with

regions as (
    select * from {{ ref('stg_regions') }}
),

final as (
    select
        region_code,
        valid_from,
        known_from,
        name_en,
        name_zh,
        level,
        parent_region_code,
        area_km2,
        valid_to,
        known_to,
        is_current,
        source_code,
        batch_id,
        row_number,
        load_seq
    from regions
    where not is_deleted
)

select * from final
