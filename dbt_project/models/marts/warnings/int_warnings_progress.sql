{#- From the state that int_warnings writes: what is told of a run is worded as
    it is read, and a wave writes its figures alone. -#}
-- depends_on: {{ ref('int_warnings') }}

with

runs as (
    select * from {{ source('ops', 'warning_run') }}
    where until_end = {{ no_end() }}
),

-- A table of current targets alone: of a condition on fct_target the engine
-- thinks that it leaves few rows, and joins as if there were few warnings.
targets as (
    select
        *,
        {{ pledge_key() }} as subject_key
    from {{ ref('int_target_terms') }}
),

rules as (
    select * from {{ ref('int_rules') }}
),

confidential as (
    select * from {{ ref('int_confidential_targets') }}
),

limits as (
    select * from rules
    where rule_id = 'PROGRESS_RAG'
),

final as (
    select
        {{ warning_id([
            'runs.rule_id', 'targets.plan_code', 'targets.plan_version',
            'targets.indicator_code', 'targets.definition_version',
            'targets.region_code', 'targets.unit_code', 'targets.breakdown',
            'runs.source_kind',
        ]) }} as warning_id,
        runs.rule_id,
        runs.measure,
        runs.compared_with,
        runs.first_period,
        runs.n_periods,
        {{ named_periods('runs.periods') }} as periods,
        runs.first_raised_at,
        runs.last_seen_at,
        runs.resolved_at,
        targets.subject_key,
        targets.plan_code,
        targets.plan_version,
        targets.indicator_code,
        targets.definition_version,
        targets.region_code,
        targets.unit_code,
        targets.responsible_unit_code,
        targets.breakdown,
        runs.source_kind,
        runs.period,
        targets.binding,
        targets.target_value,
        runs.figures.value,
        runs.figures.value_to_date,
        runs.figures.path_value,
        runs.figures.gap_pct,
        runs.figures.progress_share,
        runs.figures.elapsed_share,
        runs.figures.status_raw,
        runs.figures.status_held,
        runs.figures.p_miss,
        runs.figures.forecast_value,
        runs.figures.forecast_low80,
        runs.figures.forecast_high80,
        runs.figures.forecast_method,
        runs.figures.n_points,
        runs.figures.observation_key,
        confidential.conf_status,
        rules.rule_version,
        rules.parameters_json,
        limits.parameters_json as limit_parameters_json,
        {{ severity_of('runs.risk_level', 'targets.binding') }} as severity,
        {{ escalation('runs.n_periods - 1', 'rules.escalate_every') }}
            as escalation_level
    from runs
    inner join targets on runs.target_key = targets.target_key
    inner join rules on runs.rule_id = rules.rule_id
    left join confidential on runs.target_key = confidential.target_key
    left join limits on 1 = 1
)

select * from final
