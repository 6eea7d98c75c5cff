{% set reader = 'indicator_progress' %}

with

plans as (
    select * from {{ ref('dim_plan') }}
),

targets as (
    select
        *,
        {{ target_key() }} as target_key
    from {{ ref('stg_targets') }}
),

new_observations as (
    select distinct
        indicator_code,
        region_code,
        unit_code,
        period
    from {{ ref('fct_observation') }}
    where {{ is_unread(reader) }}
),

-- Rows that many series depend on: a change of one touches every series.
changed_terms as (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where
        rule_id in ('PROGRESS_RAG', 'PROGRESS_EUROSTAT', 'FORECAST')
        and {{ is_unread(reader) }}
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

final as (
    select target_key
    from targets
    where {{ is_unread(reader) }}
    union
    select targets.target_key
    from targets
    inner join new_observations
        on
            new_observations.indicator_code in (
                targets.indicator_code, targets.reference_indicator_code
            )
            and targets.region_code = new_observations.region_code
            and targets.unit_code is not distinct from
            new_observations.unit_code
    union
    -- A peer's figure in the year of the baseline changes the distance.
    select targets.target_key
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
    union
    select target_key
    from targets
    where exists (select 1 from changed_terms)
)

select * from final
