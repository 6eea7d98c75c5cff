with

warnings as (
    select * from {{ ref('int_warnings_milestone') }}
),

final as (
    select
        {{ warning_id(['rule_id', 'milestone_code']) }} as warning_id,
        'milestone' as subject_kind,
        {{ hash_key(["'milestone'", 'milestone_code']) }} as subject_key,
        rule_id,
        rule_version,
        plan_code,
        plan_version,
        cast(null as varchar) as indicator_code,
        region_code,
        cast(null as varchar) as unit_code,
        responsible_unit_code,
        cast(null as varchar) as form_code,
        substr(cast(promised_on as varchar), 1, 7) as period,
        severity,
        'F' as conf_status,
        first_raised_at,
        last_seen_at,
        resolved_at,
        escalation_level,
        concat(
            name_en,
            case rule_id
                when 'EW_NOT_STARTED' then ': to be started by '
                else ': due on '
            end,
            promised_on, ', ', days_over, ' days late'
        ) as headline_en,
        concat(
            coalesce(name_zh, name_en),
            case rule_id
                when 'EW_NOT_STARTED' then '：计划开工日期'
                else '：计划完成日期'
            end,
            promised_on, '，已逾期', days_over, '天'
        ) as headline_zh,
        {{ json_text([
            ['milestone_code', 'milestone_code'],
            ['promised_on', 'promised_on'], ['fulfilled_on', 'fulfilled_on'],
            ['days_over', 'days_over'], ['share_done', 'share_done'],
            ['parameters', 'cast(parameters_json as json)'],
        ]) }} as evidence
    from warnings
)

select * from final
