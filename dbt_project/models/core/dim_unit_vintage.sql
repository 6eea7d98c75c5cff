{{ config(
    tags='registries',
    post_hook="{{ table_macro('unit_as_of', 'moment, day := null', unit_as_of()) }}",
) }}

with

units as (
    select * from {{ ref('stg_units') }}
),

final as (
    select
        unit_code,
        valid_from,
        known_from,
        name_en,
        name_zh,
        unit_kind,
        level,
        parent_unit_code,
        region_code,
        valid_to,
        contact,
        known_to,
        is_current,
        source_code,
        batch_id,
        row_number,
        load_seq
    from units
    where not is_deleted
)

select * from final
