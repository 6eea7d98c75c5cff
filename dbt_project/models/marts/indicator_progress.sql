-- depends_on: {{ ref('int_progress_touched') }}
-- depends_on: {{ ref('int_progress_clock') }} {{ ref('stg_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='target_key',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_touched('int_progress_touched', 'target_key') }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation', 'fct_target', 'dim_plan', 'dim_indicator'],
        'int_progress_clock'
    ) }}",
) }}

with

terms as (
    select * from {{ ref('int_target_terms') }}
),

gaps as (
    select * from {{ ref('int_progress_gaps') }}
),

final as (
    select
        terms.plan_code,
        terms.plan_version,
        terms.indicator_code,
        terms.definition_version,
        terms.region_code,
        terms.unit_code,
        terms.breakdown,
        gaps.source_kind,
        gaps.period,
        terms.target_key,
        terms.target_type,
        terms.binding,
        terms.strictness,
        terms.baseline_value,
        terms.target_value,
        gaps.value,
        gaps.value_to_date,
        gaps.progress_share,
        round(gaps.elapsed_share, 10) as elapsed_share,
        gaps.pace,
        gaps.path_value,
        gaps.gap_pct,
        case
            when gaps.not_rated_reason is not null then 'not_rated'
            when gaps.is_met then 'achieved'
            when gaps.gap_pct < 0 then 'green'
            when gaps.gap_pct = 0 and not gaps.equality_fails then 'green'
            when gaps.gap_pct <= gaps.yellow_limit_pct then 'yellow'
            else 'red'
        end as status_raw,
        terms.official_label,
        gaps.not_rated_reason,
        terms.rule_version,
        gaps.observation_key,
        gaps.known_from
    from gaps
    inner join terms on gaps.target_key = terms.target_key
)

select * from final
