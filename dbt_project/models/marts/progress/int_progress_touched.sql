{% set reader = 'indicator_progress' %}

with

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
        unit_code
    from {{ ref('fct_observation') }}
    where {{ is_unread(reader) }}
),

-- Rows that many series depend on: a change of one touches every series.
changed_terms as (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where rule_id = 'PROGRESS_RAG' and {{ is_unread(reader) }}
    union all
    select indicator_code as changed
    from {{ ref('stg_indicators') }}
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
    select target_key
    from targets
    where exists (select 1 from changed_terms)
)

select * from final
