with

progress as (
    select * from {{ ref('indicator_progress') }}
),

runs as (
    select * from {{ ref('int_progress_runs') }}
),

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_OFF_TRACK'
),

limits as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'PROGRESS_RAG'
),

final as (
    select
        runs.first_period,
        runs.n_periods,
        runs.periods_json,
        runs.first_raised_at,
        progress.plan_code,
        progress.plan_version,
        progress.indicator_code,
        progress.definition_version,
        progress.region_code,
        progress.unit_code,
        progress.breakdown,
        progress.source_kind,
        progress.period,
        progress.binding,
        progress.target_value,
        progress.value,
        progress.value_to_date,
        progress.path_value,
        progress.gap_pct,
        progress.status_raw,
        progress.observation_key,
        progress.known_from,
        runs.next_known_from,
        rule.rule_id,
        rule.rule_version,
        rule.parameters_json,
        limits.parameters_json as limit_parameters_json,
        case
            when progress.status_raw = 'yellow' then 'yellow'
            when progress.binding then 'red'
            else 'orange'
        end as severity,
        cast(
            coalesce(
                floor((runs.n_periods - 1) / nullif(rule.escalate_every, 0)), 0
            ) as integer
        ) as escalation_level
    from runs
    inner join progress
        on
            runs.target_key = progress.target_key
            and runs.source_kind = progress.source_kind
            and runs.period = progress.period
    cross join rule
    left join limits on 1 = 1
)

select * from final
