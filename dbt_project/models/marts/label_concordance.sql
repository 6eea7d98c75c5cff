-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_keys('int_judged_touched', 'target_key') }}",
    ],
    post_hook="{{ record_watermark(
        ['int_judged_touched', 'indicator_progress'],
        'int_progress_clock'
    ) }}",
) }}

with

targets as (
    select targets.*
    from {{ ref('fct_target') }} as targets
    inner join {{ ref('int_judged_touched') }} as touched
        on targets.target_key = touched.target_key
    where targets.is_current and targets.official_label is not null
),

rules as (
    select * from {{ ref('int_progress_rules') }}
),

-- What was reported for a period that had ended when the label was given; which
-- kind of figure goes first is the site's rule.
progress as (
    select
        targets.target_key,
        progress.source_kind,
        progress.period,
        progress.pace,
        progress.status_raw,
        progress.gap_pct,
        progress.known_from
    from {{ ref('indicator_progress') }} as progress
    inner join targets on progress.target_key = targets.target_key
    where
        coalesce(
            progress.period_end <= targets.official_label_on,
            true
        )
        and progress.value_to_date is not null
        and {{ kind_place('progress.source_kind') }} is not null
    qualify
        row_number() over (
            partition by targets.target_key
            order by
                progress.period_end desc nulls last,
                {{ kind_place('progress.source_kind') }} asc nulls last
        ) = 1
),

labelled as (
    select
        targets.* exclude (targets.known_from),
        progress.source_kind,
        progress.period,
        progress.pace,
        progress.status_raw,
        progress.known_from,
        case
            when progress.period is null then null
            when progress.status_raw = 'achieved' then 'achieved_early'
            when progress.pace >= rules.faster_from then 'faster'
            when progress.pace >= rules.in_line_from then 'basically_in_line'
            when progress.pace < rules.in_line_from then 'lagging'
            when progress.pace is null and progress.gap_pct <= 0
                then 'basically_in_line'
            when progress.pace is null and progress.gap_pct > 0 then 'lagging'
        end as computed_label
    from targets
    left join progress on targets.target_key = progress.target_key
    cross join rules
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        breakdown,
        target_key,
        binding,
        official_label,
        cast(official_label_on as date) as official_label_on,
        computed_label,
        source_kind,
        period,
        pace,
        status_raw,
        known_from,
        cast(known_from as date) > official_label_on as is_hindsight,
        computed_label = official_label as is_concordant,
        case
            when period is null then 'no figure by the day of the label'
            when computed_label is null then 'neither pace nor gap'
        end as not_compared_reason
    from labelled
)

select * from final
