{{ config(materialized='table', tags='registries') }}

with recursive

-- Before its first line and after its last one, a unit stands where these say.
units as (
    select
        unit_code,
        parent_unit_code,
        case
            when
                lag(unit_code) over (
                    partition by unit_code
                    order by valid_from asc nulls first
                ) is not null
                then valid_from
        end as valid_from,
        lead(valid_from) over (
            partition by unit_code
            order by valid_from asc nulls first
        ) - 1 as valid_to
    from {{ ref('stg_units') }}
    where is_current
),

-- Forty steps end a circle; its doubled rows then break the grain test.
-- least() and greatest() pass over missing dates: an open end stays open.
closure (unit_code, ancestor_unit_code, valid_from, valid_to, depth) as (
    select distinct
        unit_code,
        unit_code as ancestor_unit_code,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        0 as depth
    from units
    union all
    select
        closure.unit_code,
        units.parent_unit_code as ancestor_unit_code,
        greatest(closure.valid_from, units.valid_from) as valid_from,
        least(closure.valid_to, units.valid_to) as valid_to,
        closure.depth + 1 as depth
    from closure
    inner join units
        on
            closure.ancestor_unit_code = units.unit_code
            and coalesce(closure.valid_from <= units.valid_to, true)
            and coalesce(closure.valid_to >= units.valid_from, true)
    where units.parent_unit_code is not null and closure.depth < 40
),

final as (
    select
        unit_code,
        ancestor_unit_code,
        valid_from,
        valid_to
    from closure
)

select * from final
