with recursive

ends as (
    select distinct period_end from {{ ref('int_aggregate_touched') }}
),

slices as (
    select
        ends.period_end,
        regions.region_code,
        regions.level,
        regions.parent_region_code
    from ends
    inner join {{ ref('stg_regions') }} as regions
        on
            coalesce(ends.period_end >= regions.valid_from, true)
            and coalesce(ends.period_end <= regions.valid_to, true)
    where regions.is_current
    qualify
        row_number() over (
            partition by ends.period_end, regions.region_code
            order by regions.valid_from desc nulls last
        ) = 1
),

-- The tree as it was at the end of the period; forty steps end a circle.
tree (period_end, region_code, member_level, ancestor_code, depth) as (
    select
        period_end,
        region_code,
        level as member_level,
        parent_region_code as ancestor_code,
        1 as depth
    from slices
    where parent_region_code is not null
    union all
    select
        tree.period_end,
        tree.region_code,
        tree.member_level,
        slices.parent_region_code as ancestor_code,
        tree.depth + 1 as depth
    from tree
    inner join slices
        on
            tree.ancestor_code = slices.region_code
            and tree.period_end = slices.period_end
    where slices.parent_region_code is not null and tree.depth < 40
),

final as (
    select
        period_end,
        'region' as group_kind,
        ancestor_code as group_code,
        region_code,
        member_level
    from tree
    union all
    select distinct
        slices.period_end,
        members.group_kind,
        members.group_code,
        slices.region_code,
        slices.level as member_level
    from {{ ref('bridge_region_group') }} as members
    inner join slices
        on
            members.region_code = slices.region_code
            and coalesce(members.valid_from <= slices.period_end, true)
            and coalesce(members.valid_to >= slices.period_end, true)
)

select * from final
