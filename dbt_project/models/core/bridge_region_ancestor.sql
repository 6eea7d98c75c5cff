{{ config(tags='registries') }}

with recursive

regions as (
    select * from {{ ref('dim_region') }}
),

-- Forty steps end a circle; its doubled rows then break the grain test.
closure (region_code, ancestor_region_code, depth) as (
    select
        region_code,
        region_code as ancestor_region_code,
        0 as depth
    from regions
    union all
    select
        closure.region_code,
        regions.parent_region_code as ancestor_region_code,
        closure.depth + 1 as depth
    from closure
    inner join regions on closure.ancestor_region_code = regions.region_code
    where regions.parent_region_code is not null and closure.depth < 40
),

final as (
    select
        closure.region_code,
        closure.ancestor_region_code,
        closure.depth
    from closure
    inner join regions on closure.ancestor_region_code = regions.region_code
)

select * from final
