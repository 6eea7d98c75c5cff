{% set reader = 'int_warnings' %}
{{ config(
    materialized='table',
    pre_hook="{{ reset_watermark_of('int_warnings', 'intermediate') }}",
) }}

{#- Everything about a promise, and not only what came after. -#}
{% set from_the_start = "cast('0001-01-01' as date)" %}

{% set key %}
    plan_code, plan_version, indicator_code, definition_version,
    region_code, unit_code, coalesce(breakdown, '_T')
{% endset %}

with

-- Straight from raw: every line that was ever told counts, the withdrawn too.
told as (
    select * replace (coalesce(breakdown, '_T') as breakdown)
    from {{ registry_rows('targets', key) }}
    where {{ is_visible() }}
),

targets as (
    select
        *,
        {{ pledge_key() }} as subject_key,
        {{ target_key() }} as target_key
    from told
),

-- A figure changes the progress of its own period and of later ones.
new_observations as (
    select
        indicator_code,
        region_code,
        unit_code,
        min(period_end) as from_end
    from {{ ref('fct_observation') }}
    where {{ is_unread_figure(reader) }}
    group by indicator_code, region_code, unit_code
),

new_units as (
    select unit_code
    from {{ ref('stg_units') }}
    where {{ is_unread_slice(reader) }}
),

-- Rows that many series depend on: a change of one touches every series.
changed_terms as (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where {{ is_unread_slice(reader) }}
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
    where {{ is_unread_slice(reader) }}
    union all
    select period as changed
    from {{ ref('stg_target_paths') }}
    where {{ is_unread(reader) }}
),

touched as (
    select
        subject_key,
        {{ from_the_start }} as from_end
    from targets
    where {{ is_unread(reader) }} or exists (select 1 from changed_terms)
    union all
    select
        targets.subject_key,
        new_observations.from_end
    from targets
    inner join new_observations
        on
            targets.indicator_code = new_observations.indicator_code
            and targets.region_code = new_observations.region_code
            and targets.unit_code is not distinct from
            new_observations.unit_code
    union all
    select
        targets.subject_key,
        new_observations.from_end
    from targets
    inner join new_observations
        on
            targets.reference_indicator_code = new_observations.indicator_code
            and targets.region_code = new_observations.region_code
            and targets.unit_code is not distinct from
            new_observations.unit_code
    union all
    select
        subject_key,
        {{ from_the_start }} as from_end
    from targets
    where
        unit_code in (select new_units.unit_code from new_units)
        or responsible_unit_code in (select new_units.unit_code from new_units)
),

subjects as (
    select
        subject_key,
        min(from_end) as from_end
    from touched
    where {{ is_in_share('subject_key') }}
    group by subject_key
),

-- A promise is judged with all its definitions and versions.
final as (
    select distinct
        targets.subject_key,
        targets.target_key,
        subjects.from_end
    from targets
    inner join subjects on targets.subject_key = subjects.subject_key
)

select * from final
