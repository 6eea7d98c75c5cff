with

warnings as (
    select * from {{ ref('int_warnings_late_unit') }}
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
            unit_name_en, ' sent ', n_late, ' of the last ',
            cast(window_periods as integer), ' due reports on ', form_name_en,
            ' after the deadline (to ', period, ')'
        ) as headline_en,
        concat(
            unit_name_zh, '最近', cast(window_periods as integer), '期',
            form_name_zh, '中有', n_late, '期逾期报送（截至', period, '）'
        ) as headline_zh,
        {{ json_text([
            ['late_periods', 'n_late'], ['reported_periods', 'n_reported'],
            ['window_periods', 'cast(window_periods as integer)'],
            ['first_period', 'first_period'], ['last_period', 'period'],
            ['parameters', 'cast(parameters_json as json)'],
        ]) }} as evidence
    from warnings
)

select * from final
