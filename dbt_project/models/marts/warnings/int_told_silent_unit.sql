with

warnings as (
    select * from {{ ref('int_warnings_silent_unit') }}
),

final as (
    select
        {{ warning_id(['rule_id', 'form_code', 'unit_code']) }} as warning_id,
        'duty' as subject_kind,
        {{ duty_key() }} as subject_key,
        rule_id,
        rule_version,
        cast(null as varchar) as plan_code,
        cast(null as varchar) as plan_version,
        cast(null as varchar) as indicator_code,
        region_code,
        unit_code,
        unit_code as responsible_unit_code,
        form_code,
        period,
        severity,
        'F' as conf_status,
        first_raised_at,
        last_seen_at,
        resolved_at,
        escalation_level,
        concat(
            unit_name_en, ' has sent no report on ', form_name_en, ' for ',
            n_periods, ' due periods in a row (', first_period, ' to ', period,
            ')'
        ) as headline_en,
        concat(
            unit_name_zh, '连续', n_periods, '期未报送', form_name_zh, '（',
            first_period, '至', period, '）'
        ) as headline_zh,
        {{ json_text([
            ['consecutive_periods', 'n_periods'],
            ['first_period', 'first_period'], ['last_period', 'period'],
            ['periods', 'periods'],
            ['parameters', 'cast(parameters_json as json)'],
        ]) }} as evidence
    from warnings
)

select * from final
