with

progress as (
    select * from {{ ref('indicator_progress') }}
),

runs as (
    select * from {{ ref('int_progress_runs') }}
),

touched as (
    select * from {{ ref('int_warnings_touched_targets') }}
),

targets as (
    select * from {{ ref('fct_target') }}
    where is_current
),

rules as (
    select * from {{ ref('int_rules') }}
),

confidential as (
    select * from {{ ref('int_confidential_series') }}
),

limits as (
    select * from rules
    where rule_id = 'PROGRESS_RAG'
),

marks as (
    select
        targets.target_key,
        max(confidential.conf_status) as conf_status
    from targets
    inner join confidential
        on
            confidential.indicator_code in (
                targets.indicator_code, targets.reference_indicator_code
            )
            and targets.region_code = confidential.region_code
            and targets.unit_code is not distinct from confidential.unit_code
    group by targets.target_key
),

final as (
    select
        runs.rule_id,
        runs.measure,
        runs.compared_with,
        runs.first_period,
        runs.n_periods,
        runs.periods_json,
        runs.first_raised_at,
        runs.last_seen_at,
        runs.resolved_at,
        touched.subject_key,
        progress.plan_code,
        progress.plan_version,
        progress.indicator_code,
        progress.definition_version,
        progress.region_code,
        progress.unit_code,
        coalesce(progress.unit_code, targets.responsible_unit_code)
            as responsible_unit_code,
        progress.breakdown,
        progress.source_kind,
        progress.period,
        progress.binding,
        progress.target_value,
        progress.value,
        progress.value_to_date,
        progress.path_value,
        progress.gap_pct,
        progress.progress_share,
        progress.elapsed_share,
        progress.status_raw,
        case
            when progress.status_held <> 'not_rated'
                then progress.status_held
            else progress.status_raw
        end as status_held,
        progress.p_miss,
        progress.forecast_value,
        progress.forecast_low80,
        progress.forecast_high80,
        progress.forecast_method,
        progress.n_points,
        progress.observation_key,
        marks.conf_status,
        rules.rule_version,
        rules.parameters_json,
        limits.parameters_json as limit_parameters_json,
        {{ severity_of('runs.risk_level', 'progress.binding') }} as severity,
        {{ escalation('runs.n_periods - 1', 'rules.escalate_every') }}
            as escalation_level
    from runs
    inner join progress
        on
            runs.target_key = progress.target_key
            and runs.source_kind = progress.source_kind
            and runs.period = progress.period
    inner join touched on runs.target_key = touched.target_key
    inner join rules on runs.rule_id = rules.rule_id
    left join targets on runs.target_key = targets.target_key
    left join marks on runs.target_key = marks.target_key
    left join limits on 1 = 1
)

select * from final
