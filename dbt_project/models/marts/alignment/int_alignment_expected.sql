with

clock as (
    select * from {{ ref('stg_clock') }}
),

targets as (
    select targets.*
    from {{ ref('fct_target') }} as targets
    inner join {{ ref('int_alignment_touched') }} as touched
        on targets.target_key = touched.target_key
    where targets.is_current
),

{% for name in ['region', 'unit'] -%}
    {{ name }}s as (
        select asked.*
        from {{ ref('dim_' ~ name) }} as asked
        cross join clock
        where
            coalesce(asked.valid_from <= cast(clock.as_of as date), true)
            and coalesce(asked.valid_to >= cast(clock.as_of as date), true)
    ),

{% endfor -%}

-- Of which level binding targets have to be carried by every region below.
coverage as (
    select cast(value as integer) as parent_level
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'TARGET_COVERAGE' and parameter = 'parent_level'
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

-- Every plan below is asked; regions and units where one of them has been given
-- its share, and every region below a binding target of a level that the rule
-- names.
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
    inner join regions on targets.region_code = regions.parent_region_code
    where targets.unit_code is null
    union all
    select
        targets.target_key as parent_key,
        'region' as child_kind,
        below.region_code as child_code
    from targets
    inner join regions on targets.region_code = regions.region_code
    inner join coverage on regions.level = coverage.parent_level
    inner join regions as below
        on regions.region_code = below.parent_region_code
    where targets.binding and targets.unit_code is null
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
    inner join units on targets.unit_code = units.parent_unit_code
)

select * from final
