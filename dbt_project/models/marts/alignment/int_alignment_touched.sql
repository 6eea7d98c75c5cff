-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
{% set reader = 'target_alignment' %}
{{ config(
    materialized='table',
    pre_hook=[
        "{{ reset_watermark_of('target_alignment') }}",
        "{{ reset_watermark() }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_target', 'dim_plan', 'int_alignment_bases'], 'int_progress_clock'
    ) }}",
) }}

with

plans as (
    select * from {{ ref('dim_plan') }}
),

targets as (
    select * from {{ ref('fct_target') }}
    where is_current
),

-- Straight from raw: a withdrawn target is no longer among the facts.
changed_targets as (
    select distinct
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        coalesce(breakdown, '_T') as breakdown
    from {{ source('raw', 'registry_targets') }}
    where {{ is_visible() }} and {{ is_unread(reader) }}
),

changed_bases as (
    select *
    from {{ ref('int_alignment_bases') }}
    where {{ is_unread(reader) }}
),

-- Targets whose own weight has changed.
weighed_anew as (
    select distinct
        targets.plan_code,
        targets.plan_version,
        targets.indicator_code,
        targets.definition_version,
        targets.region_code,
        targets.unit_code,
        targets.breakdown
    from changed_bases
    inner join {{ ref('int_alignment_weights') }} as weights
        on changed_bases.indicator_code = weights.indicator_code
    inner join targets
        on
            weights.weighed_code = targets.indicator_code
            and changed_bases.region_code = targets.region_code
            and changed_bases.unit_code is not distinct from targets.unit_code
),

moved as (
    select * from changed_targets
    union
    select * from weighed_anew
),

changed_units as (
    select distinct unit_code
    from {{ ref('stg_units') }}
    where {{ is_unread_slice(reader) }}
),

-- Rows that many targets depend on: a change of one touches every target.
changed_terms as (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where
        rule_id in ('TARGET_INTENSITY', 'TARGET_COVERAGE')
        and {{ is_unread_slice(reader) }}
    union all
    select indicator_code as changed
    from {{ ref('stg_indicators') }}
    where {{ is_unread(reader) }}
    union all
    select region_code as changed
    from {{ ref('stg_regions') }}
    where {{ is_unread_slice(reader) }}
    union all
    select plan_code as changed
    from {{ ref('stg_plans') }}
    where {{ is_unread(reader) }}
    union all
    select plan_code as changed
    from {{ ref('stg_target_waivers') }}
    where
        {{ is_unread(reader) }}
        or {{ has_passed('(waived_until + 1)', reader) }}
    union all
    -- Promised growth weighs a fall of intensity.
    select changed_targets.indicator_code as changed
    from changed_targets
    inner join {{ ref('int_rule_parameters') }} as growths
        on
            growths.rule_id = 'TARGET_INTENSITY'
            and changed_targets.indicator_code
            = split_part(growths.value, ' ', 3)
    where changed_targets.unit_code is null
),

touched as (
    select {{ target_key() }} as target_key
    from changed_targets
    union
    select targets.target_key
    from moved
    inner join plans
        on
            moved.plan_code = plans.plan_code
            and moved.plan_version = plans.plan_version
    inner join targets
        on
            plans.parent_plan_code = targets.plan_code
            and {{ same(['indicator_code', 'breakdown'], 'moved', 'targets') }}
    where moved.unit_code is null and targets.unit_code is null
    union
    select targets.target_key
    from moved
    inner join {{ ref('dim_region') }} as regions
        on moved.region_code = regions.region_code
    inner join targets
        on
            regions.parent_region_code = targets.region_code
            and {{ same(
                ['plan_code', 'plan_version', 'indicator_code', 'breakdown'],
                'moved', 'targets'
            ) }}
    where moved.unit_code is null and targets.unit_code is null
    union
    select targets.target_key
    from moved
    inner join {{ ref('dim_unit') }} as units
        on moved.unit_code = units.unit_code
    inner join targets
        on
            units.parent_unit_code = targets.unit_code
            and {{ same(
                ['plan_code', 'plan_version', 'indicator_code', 'breakdown'],
                'moved', 'targets'
            ) }}
    union
    -- Every parent that a changed unit has or had.
    select targets.target_key
    from {{ ref('stg_units') }} as units
    inner join changed_units on units.unit_code = changed_units.unit_code
    inner join targets on units.parent_unit_code = targets.unit_code
    union
    select target_key
    from targets
    where exists (select 1 from changed_terms)
),

final as (
    select target_key from touched
)

select * from final
