with

warnings as (
    select * from {{ ref('int_warnings_plan_expired') }}
),

final as (
    select
        {{ warning_id(['rule_id', 'plan_code', 'plan_version']) }}
            as warning_id,
        'plan' as subject_kind,
        {{ hash_key(["'plan'", 'plan_code', 'plan_version']) }} as subject_key,
        rule_id,
        rule_version,
        plan_code,
        plan_version,
        cast(null as varchar) as indicator_code,
        region_code,
        cast(null as varchar) as unit_code,
        cast(null as varchar) as responsible_unit_code,
        cast(null as varchar) as form_code,
        cast(year(period_end) as varchar) as period,
        severity,
        'F' as conf_status,
        first_raised_at,
        last_seen_at,
        resolved_at,
        escalation_level,
        concat(
            name_en, ' ended on ', period_end, '; for ', days_over, ' days ',
            'the register has held no final evaluation, extension or abolition'
        ) as headline_en,
        concat(
            coalesce(name_zh, name_en), '已于', period_end, '到期，',
            days_over, '天内登记簿无后评估、延期或废止记录'
        ) as headline_zh,
        {{ json_text([
            ['period_end', 'period_end'], ['days_over', 'days_over'],
            ['answered_on', 'answered_on'],
            ['parameters', 'cast(parameters_json as json)'],
        ]) }} as evidence
    from warnings
)

select * from final
