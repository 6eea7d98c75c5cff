-- depends_on: {{ ref('stg_clock') }}
{{ config(
    materialized='table',
    pre_hook="{{ reset_watermark() }}",
    post_hook="{{ record_watermark(['int_alignment_touched']) }}",
) }}

with

plans as (
    select * from {{ ref('dim_plan') }}
),

targets as (
    select
        targets.*,
        plans.parent_plan_code,
        plans.period_start,
        plans.period_end
    from {{ ref('fct_target') }} as targets
    inner join plans
        on
            targets.plan_code = plans.plan_code
            and targets.plan_version = plans.plan_version
    where targets.is_current
),

-- Only what the mart computes again is looked at.
parents as (
    select targets.*
    from targets
    inner join {{ ref('int_alignment_touched') }} as touched
        on targets.target_key = touched.target_key
),

regions as (
    select * from {{ ref('dim_region') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

-- A child stands in a plan below, or in the same plan one region or one unit
-- further down. Of several versions of a plan below the last that speaks of the
-- target counts: an adjusted one stands beside the one before it.
related as (
    select
        parents.target_key as parent_key,
        children.target_key as child_key,
        'plan' as child_kind,
        children.plan_code as child_code
    from parents
    inner join targets as children
        on
            parents.plan_code = children.parent_plan_code
            and parents.indicator_code = children.indicator_code
            and parents.breakdown = children.breakdown
    where parents.unit_code is null and children.unit_code is null
    qualify
        children.plan_version = first_value(children.plan_version) over (
            partition by
                parents.target_key, children.plan_code, children.region_code
            order by {{ newest_version('children.plan_version') }}
        )
    union all
    select
        parents.target_key as parent_key,
        children.target_key as child_key,
        'region' as child_kind,
        children.region_code as child_code
    from targets as children
    inner join regions on children.region_code = regions.region_code
    inner join parents
        on
            regions.parent_region_code = parents.region_code
            and children.plan_code = parents.plan_code
            and children.plan_version = parents.plan_version
            and children.indicator_code = parents.indicator_code
            and children.breakdown = parents.breakdown
    where parents.unit_code is null and children.unit_code is null
    union all
    select
        parents.target_key as parent_key,
        children.target_key as child_key,
        'unit' as child_kind,
        children.unit_code as child_code
    from targets as children
    inner join units on children.unit_code = units.unit_code
    inner join parents
        on
            units.parent_unit_code = parents.unit_code
            and children.plan_code = parents.plan_code
            and children.plan_version = parents.plan_version
            and children.indicator_code = parents.indicator_code
            and children.breakdown = parents.breakdown
),

final as (
    select
        related.parent_key,
        related.child_kind,
        related.child_code,
        related.child_key,
        children.plan_code,
        children.plan_version,
        children.region_code,
        children.unit_code,
        children.target_type,
        children.target_value,
        children.period_start,
        children.period_end,
        children.definition_version = parents.definition_version
            as is_same_definition,
        children.target_type = parents.target_type as is_same_type,
        children.period_start < parents.period_start
        or children.period_end > parents.period_end
            as is_conflicting_horizon
    from related
    inner join targets as parents on related.parent_key = parents.target_key
    inner join targets as children on related.child_key = children.target_key
)

select * from final
