with

plans as (
    select * from {{ ref('dim_plan') }}
),

children as (
    select * from {{ ref('int_alignment_children') }}
),

parents as (
    select
        targets.target_key as parent_key,
        targets.indicator_code,
        targets.definition_version,
        plans.period_start
    from {{ ref('fct_target') }} as targets
    inner join plans
        on
            targets.plan_code = plans.plan_code
            and targets.plan_version = plans.plan_version
    where targets.is_current
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

-- Which figures weigh a fall of intensity: 'quantity output growth'.
intensities as (
    select
        parameter as indicator_code,
        split_part(value, ' ', 1) as quantity_code,
        split_part(value, ' ', 2) as output_code,
        split_part(value, ' ', 3) as growth_code
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'TARGET_INTENSITY'
),

wanted as (
    select
        parents.parent_key,
        parents.period_start,
        indicators.aggregation,
        indicators.weight_indicator_code,
        intensities.quantity_code,
        intensities.output_code,
        intensities.growth_code
    from parents
    left join indicators
        on
            parents.indicator_code = indicators.indicator_code
            and parents.definition_version = indicators.definition_version
    left join intensities
        on parents.indicator_code = intensities.indicator_code
),

bases as (
    select * from {{ ref('int_alignment_bases') }}
    where value is not null
),

base_figures as (
    select
        children.parent_key,
        children.child_key,
        bases.indicator_code,
        bases.value
    from children
    inner join wanted on children.parent_key = wanted.parent_key
    inner join bases
        on
            wanted.period_start = bases.plan_start
            and children.region_code = bases.region_code
            and children.unit_code is not distinct from bases.unit_code
),

growths as (
    select
        plan_code,
        plan_version,
        region_code,
        indicator_code,
        cast(max(target_value) as double) as yearly_pct
    from {{ ref('fct_target') }}
    where
        is_current
        and unit_code is null
        and breakdown = '_T'
        and target_type = 'avg_growth_floor'
    group by plan_code, plan_version, region_code, indicator_code
),

final as (
    select
        children.parent_key,
        children.child_key,
        case
            when wanted.aggregation = 'mean' then 1.0
            else weights.value
        end as weight,
        quantities.value as quantity,
        outputs.value as output,
        power(
            1 + growths.yearly_pct / 100.0,
            year(children.period_end) - year(children.period_start) + 1
        ) as growth_factor
    from children
    inner join wanted on children.parent_key = wanted.parent_key
    left join base_figures as weights
        on
            children.parent_key = weights.parent_key
            and children.child_key = weights.child_key
            and wanted.weight_indicator_code = weights.indicator_code
    left join base_figures as quantities
        on
            children.parent_key = quantities.parent_key
            and children.child_key = quantities.child_key
            and wanted.quantity_code = quantities.indicator_code
    left join base_figures as outputs
        on
            children.parent_key = outputs.parent_key
            and children.child_key = outputs.child_key
            and wanted.output_code = outputs.indicator_code
    left join growths
        on
            children.plan_code = growths.plan_code
            and children.plan_version = growths.plan_version
            and children.region_code = growths.region_code
            and wanted.growth_code = growths.indicator_code
)

select * from final
