{% set reader = 'int_warnings' %}

with

targets as (
    select
        *,
        {{ pledge_key() }} as subject_key,
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

new_units as (
    select unit_code
    from {{ ref('stg_units') }}
    where {{ is_unread(reader) }}
),

-- Rows that many series depend on: a change of one touches every series.
changed_terms as (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where {{ is_unread(reader) }}
    union all
    select indicator_code as changed
    from {{ ref('stg_indicators') }}
    where {{ is_unread(reader) }}
    union all
    select plan_code as changed
    from {{ ref('stg_plans') }}
    where {{ is_unread(reader) }}
    union all
    select region_code as changed
    from {{ ref('stg_regions') }}
    where {{ is_unread(reader) }}
    union all
    select period as changed
    from {{ ref('stg_target_paths') }}
    where {{ is_unread(reader) }}
),

subjects as (
    select subject_key
    from targets
    where {{ is_unread(reader) }}
    union
    select targets.subject_key
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
    select targets.subject_key
    from targets
    inner join new_units
        on
            new_units.unit_code in (
                targets.unit_code, targets.responsible_unit_code
            )
    union
    select subject_key
    from targets
    where exists (select 1 from changed_terms)
),

-- A promise is judged with all its definitions and versions.
final as (
    select distinct
        targets.subject_key,
        targets.target_key
    from targets
    inner join subjects on targets.subject_key = subjects.subject_key
)

select * from final
