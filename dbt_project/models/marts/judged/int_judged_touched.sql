-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
{% set readers = ['plan_scorecard', 'label_concordance'] %}
{{ config(
    materialized='table',
    pre_hook=[
        "{{ reset_watermark_of('plan_scorecard') }}",
        "{{ reset_watermark_of('label_concordance') }}",
        "{{ reset_watermark() }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation', 'fct_target', 'dim_plan', 'dim_indicator'],
        'int_progress_clock'
    ) }}",
) }}

with

-- The targets that the two marts judge: few beside those of all units.
judged as (
    select * from {{ ref('fct_target') }}
    where is_current and (unit_code is null or official_label is not null)
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
    where {{ is_visible() }} and {{ is_unread(readers) }}
),

new_observations as (
    select distinct
        observations.indicator_code,
        observations.region_code,
        observations.unit_code
    from {{ ref('fct_observation') }} as observations
    where {{ is_unread_figure(readers) }}
),

-- Rows that every judgement depends on: a change of one touches all.
changed_terms as (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where
        (
            rule_id in ('PLAN_COUNTING', 'VALUE_PRECEDENCE')
            or rule_id like 'PROGRESS%'
        )
        and {{ is_unread_slice(readers) }}
    union all
    select indicator_code as changed
    from {{ ref('stg_indicators') }}
    where {{ is_unread(readers) }}
    union all
    select plan_code as changed
    from {{ ref('stg_plans') }}
    where {{ is_unread(readers) }}
    union all
    select period as changed
    from {{ ref('stg_target_paths') }}
    where {{ is_unread(readers) }}
),

final as (
    select
        {{ target_key() }} as target_key,
        plan_code,
        plan_version,
        region_code
    from changed_targets
    union
    select
        judged.target_key,
        judged.plan_code,
        judged.plan_version,
        judged.region_code
    from judged
    inner join new_observations
        on
            new_observations.indicator_code in (
                judged.indicator_code, judged.reference_indicator_code
            )
            and judged.region_code = new_observations.region_code
            and judged.unit_code is not distinct from
            new_observations.unit_code
    union
    select
        target_key,
        plan_code,
        plan_version,
        region_code
    from judged
    where exists (select 1 from changed_terms)
)

select * from final
