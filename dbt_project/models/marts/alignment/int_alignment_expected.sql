with

targets as (
    select * from {{ ref('fct_target') }}
    where is_current
),

children as (
    select distinct
        parent_key,
        child_kind
    from {{ ref('int_alignment_children') }}
),

plans as (
    select distinct
        parent_plan_code,
        plan_code
    from {{ ref('dim_plan') }}
    where parent_plan_code is not null
),

-- Every plan below is asked; regions and units only where one of them has
-- been given its share.
final as (
    select
        targets.target_key as parent_key,
        'plan' as child_kind,
        plans.plan_code as child_code
    from targets
    inner join plans on targets.plan_code = plans.parent_plan_code
    where targets.unit_code is null
    union all
    select
        targets.target_key as parent_key,
        children.child_kind,
        regions.region_code as child_code
    from targets
    inner join children
        on
            targets.target_key = children.parent_key
            and children.child_kind = 'region'
    inner join {{ ref('dim_region') }} as regions
        on targets.region_code = regions.parent_region_code
    union all
    select
        targets.target_key as parent_key,
        children.child_kind,
        units.unit_code as child_code
    from targets
    inner join children
        on
            targets.target_key = children.parent_key
            and children.child_kind = 'unit'
    inner join {{ ref('dim_unit') }} as units
        on targets.unit_code = units.parent_unit_code
)

select * from final
