-- depends_on: {{ ref('stg_clock') }}
{% set registries = ['targets', 'plans', 'indicators', 'rules'] %}
{{ config(
    tags='registries',
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_when_changed(['targets', 'plans', 'indicators', 'rules']) }}",
    ],
    post_hook="{{ record_watermark(['fct_target', 'dim_plan', 'dim_indicator']) }}",
) }}

with

targets as (
    select * from {{ ref('fct_target') }}
    {% if is_incremental() and not have_changed(registries) -%}
        where false
    {%- else -%}
        where is_current
    {%- endif %}
),

plans as (
    select * from {{ ref('dim_plan') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

rag_rule as (
    select
        rule_version,
        yellow_limit_pct
    from {{ ref('int_rules') }}
    where rule_id = 'PROGRESS_RAG'
),

joined as (
    select
        targets.*,
        plans.period_start as plan_start,
        plans.period_end as plan_end,
        indicators.decimals,
        cast(indicators.min_value as double) as min_value,
        cast(indicators.max_value as double) as max_value,
        {{ frequency_months('indicators.frequency') }} as step_months,
        rag_rule.rule_version,
        rag_rule.yellow_limit_pct,
        -- +1 where more is better, -1 where less is; what the target type
        -- and the indicator leave open is read from the target's own sign.
        case
            when
                targets.target_type in ('avg_growth_floor', 'cum_reduction')
                then 1
            when targets.target_type = 'level_cap' then -1
            when indicators.direction = 'lower' then -1
            when indicators.direction = 'higher' then 1
            when targets.strictness in ('le', 'lt') then -1
            when targets.strictness in ('ge', 'gt') then 1
            when targets.target_value < targets.baseline_value then -1
            else 1
        end as sense
    from targets
    inner join plans
        on
            targets.plan_code = plans.plan_code
            and targets.plan_version = plans.plan_version
    inner join indicators
        on
            targets.indicator_code = indicators.indicator_code
            and targets.definition_version = indicators.definition_version
    left join rag_rule on 1 = 1
),

final as (
    select
        target_key,
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        breakdown,
        coalesce(unit_code, responsible_unit_code) as responsible_unit_code,
        target_type,
        binding,
        strictness,
        coalesce(strictness in ('gt', 'lt'), false) as is_strict,
        cast(baseline_value as double) as baseline_value,
        cast(target_value as double) as target_value,
        reference_indicator_code,
        official_label,
        official_label_on,
        min_value,
        max_value,
        rule_version,
        yellow_limit_pct,
        step_months,
        plan_start,
        plan_end,
        {{ month_index('plan_start') }} as first_month,
        {{ month_index('plan_end') }} - {{ month_index('plan_start') }} + 1
            as plan_months,
        coalesce({{ period_end('target_period') }}, plan_end) as target_end,
        {{ base_period('baseline_period', 'plan_start') }} as base_period,
        coalesce(
            {{ month_index(period_end('baseline_period')) }},
            {{ month_index('plan_start') }} - 1
        ) as base_month,
        sense,
        -- A level to reach has a way to go only where the baseline is known
        -- and lies on the wrong side by at least one rounding unit.
        case
            when target_type = 'qualitative' then 'none'
            when target_type = 'avg_growth_floor' then 'growth'
            when target_type = 'cum_reduction' then 'reduction'
            when target_type = 'cum_total' then 'sum'
            when target_type = 'relative' then 'reference'
            when target_type = 'maintain' or baseline_value is null
                then 'constant'
            when (target_value - baseline_value) * sense <= 0 then 'constant'
            when
                abs(target_value - baseline_value)
                < power(10.0, -coalesce(decimals, 10))
                then 'constant'
            else 'linear'
        end as path_shape
    from joined
)

select * from final
