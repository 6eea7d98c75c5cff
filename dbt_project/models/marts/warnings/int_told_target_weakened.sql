with

warnings as (
    select * from {{ ref('int_warnings_target_weakened') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

regions as (
    select * from {{ ref('dim_region') }}
),

units as (
    select * from {{ ref('dim_unit') }}
),

named as (
    select
        warnings.*,
        concat_ws(
            ', ',
            indicators.name_en,
            coalesce(units.name_en, regions.name_en, warnings.region_code)
        ) as subject_en,
        concat_ws(
            '',
            coalesce(
                units.name_zh, units.name_en,
                regions.name_zh, regions.name_en, warnings.region_code
            ),
            coalesce(indicators.name_zh, indicators.name_en)
        ) as subject_zh,
        {{ number_text('warnings.target_value') }} as new_text,
        {{ number_text('warnings.strongest_value') }} as old_text
    from warnings
    inner join indicators
        on
            warnings.indicator_code = indicators.indicator_code
            and warnings.definition_version = indicators.definition_version
    left join regions on warnings.region_code = regions.region_code
    left join units on warnings.unit_code = units.unit_code
),

final as (
    select
        {{ warning_id(['rule_id', 'subject_key', 'definition_version']) }}
            as warning_id,
        'target' as subject_kind,
        subject_key,
        rule_id,
        rule_version,
        plan_code,
        plan_version,
        indicator_code,
        region_code,
        unit_code,
        coalesce(unit_code, responsible_unit_code) as responsible_unit_code,
        cast(null as varchar) as form_code,
        coalesce(target_period, '') as period,
        severity,
        -- A target is a promise made in public, whatever its figures are.
        'F' as conf_status,
        first_raised_at,
        known_from as last_seen_at,
        resolved_at,
        0 as escalation_level,
        concat(
            subject_en, ': the target was weakened from ', old_text, ' to ',
            new_text,
            case when has_lost_binding then ', no longer binding' else '' end
        ) as headline_en,
        concat(
            subject_zh, '：目标由', old_text, '放宽为', new_text,
            case when has_lost_binding then '，并由约束性改为预期性' else '' end
        ) as headline_zh,
        {{ json_text([
            ['strongest_value', 'strongest_value'],
            ['target_value', 'target_value'], ['weaker_pct', 'weaker_pct'],
            ['has_lost_binding', 'has_lost_binding'],
            ['definition_version', 'definition_version'],
            ['breakdown', 'breakdown'], ['document_no', 'document_no'],
            ['reason', 'reason'],
            ['parameters', 'cast(parameters_json as json)'],
        ]) }} as evidence
    from named
)

select * from final
