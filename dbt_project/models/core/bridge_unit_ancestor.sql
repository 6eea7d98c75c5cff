{{ config(tags='registries') }}

with recursive

units as (
    select * from {{ ref('dim_unit') }}
),

-- Forty steps end a circle; its doubled rows then break the grain test.
closure (unit_code, ancestor_unit_code, depth) as (
    select
        unit_code,
        unit_code as ancestor_unit_code,
        0 as depth
    from units
    union all
    select
        closure.unit_code,
        units.parent_unit_code as ancestor_unit_code,
        closure.depth + 1 as depth
    from closure
    inner join units on closure.ancestor_unit_code = units.unit_code
    where units.parent_unit_code is not null and closure.depth < 40
),

final as (
    select
        closure.unit_code,
        closure.ancestor_unit_code,
        closure.depth
    from closure
    inner join units on closure.ancestor_unit_code = units.unit_code
)

select * from final
