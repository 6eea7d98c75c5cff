{% set reader = 'indicator_progress' %}
{{ config(
    materialized='table',
    pre_hook="{{ reset_watermark_of('indicator_progress') }}",
) }}

{#- Everything of a series, and not only what came after. -#}
{% set from_the_start = "cast('0001-01-01' as date)" %}

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
    select
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

new_observations as (
    select
        indicator_code,
        region_code,
        unit_code,
        period,
        period_end
    from {{ ref('fct_observation') }}
    where {{ is_unread_figure(reader) }}
    group by indicator_code, region_code, unit_code, period, period_end
),

-- Rows that many series depend on: a change of one touches every series.
changed_terms as (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where
        rule_id in (
            'PROGRESS_RAG', 'PROGRESS_EUROSTAT', 'FORECAST', 'VALUE_PRECEDENCE'
        )
        and {{ is_unread_slice(reader) }}
    union all
    select indicator_code as changed
    from {{ ref('stg_indicators') }}
    where {{ is_unread(reader) }}
    union all
    select region_code as changed
    from {{ ref('stg_regions') }}
    where {{ is_unread(reader) }}
    union all
    select plan_code as changed
    from {{ ref('stg_plans') }}
    where {{ is_unread(reader) }}
    union all
    select period as changed
    from {{ ref('stg_target_paths') }}
    where {{ is_unread(reader) }}
),

-- What is chained or tied to a total follows from its first period on.
touched as (
    select
        {{ target_key() }} as target_key,
        {{ from_the_start }} as from_end
    from changed_targets
    union all
    select
        targets.target_key,
        case
            when
                targets.target_type in (
                    'avg_growth_floor', 'cum_reduction', 'cum_total'
                )
                then {{ from_the_start }}
            else new_observations.period_end
        end as from_end
    from targets
    inner join new_observations
        on
            targets.indicator_code = new_observations.indicator_code
            and targets.region_code = new_observations.region_code
            and targets.unit_code is not distinct from
            new_observations.unit_code
    union all
    select
        targets.target_key,
        new_observations.period_end as from_end
    from targets
    inner join new_observations
        on
            targets.reference_indicator_code = new_observations.indicator_code
            and targets.region_code = new_observations.region_code
            and targets.unit_code is not distinct from
            new_observations.unit_code
    union all
    -- A peer's figure in the year of the baseline changes the distance.
    select
        targets.target_key,
        {{ from_the_start }} as from_end
    from targets
    inner join plans
        on
            targets.plan_code = plans.plan_code
            and targets.plan_version = plans.plan_version
    inner join new_observations
        on
            targets.indicator_code = new_observations.indicator_code
            and new_observations.period = {{ base_period(
                'targets.baseline_period', 'plans.period_start'
            ) }}
            and targets.unit_code is null
            and new_observations.unit_code is null
    union all
    select
        target_key,
        {{ from_the_start }} as from_end
    from targets
    where exists (select 1 from changed_terms)
),

final as (
    select
        target_key,
        min(from_end) as from_end
    from touched
    where {{ is_in_share('target_key') }}
    group by target_key
)

select * from final
