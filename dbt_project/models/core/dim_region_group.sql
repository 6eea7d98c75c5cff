{{ config(tags='registries') }}

with

region_groups as (
    select * from {{ ref('stg_region_groups') }}
    where is_current
),

-- A group is written once per member; its name is that of the newest row.
final as (
    select
        group_kind,
        group_code,
        name_en,
        name_zh,
        count(*) over (partition by group_kind, group_code) as n_members,
        known_from
    from region_groups
    qualify
        row_number() over (
            partition by group_kind, group_code
            order by known_from desc nulls last, region_code asc nulls last
        ) = 1
)

select * from final
