with

warnings as (
    select * from {{ ref('int_warnings_off_track') }}
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
            coalesce(units.name_en, regions.name_en, warnings.region_code),
            nullif(warnings.breakdown, '_T')
        ) as subject_en,
        concat_ws(
            '',
            coalesce(
                units.name_zh, units.name_en,
                regions.name_zh, regions.name_en, warnings.region_code
            ),
            coalesce(indicators.name_zh, indicators.name_en),
            '（' || nullif(warnings.breakdown, '_T') || '）'
        ) as subject_zh
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
        concat('EW-', substr({{ hash_key([
            'rule_id', 'plan_code', 'plan_version', 'indicator_code',
            'definition_version', 'region_code', 'unit_code', 'breakdown',
            'source_kind',
        ]) }}, 1, 12)) as warning_id,
        rule_id,
        rule_version,
        plan_code,
        plan_version,
        indicator_code,
        region_code,
        unit_code,
        cast(null as varchar) as form_code,
        period,
        severity,
        first_raised_at,
        known_from as last_seen_at,
        next_known_from as resolved_at,
        escalation_level,
        concat(
            subject_en, ': ', {{ number_text('value_to_date') }}, ' in ',
            period, ', ', {{ number_text('gap_pct', 1) }},
            ' % behind the path of ', {{ number_text('path_value') }}
        ) as headline_en,
        concat(
            subject_zh, '：', period, '为', {{ number_text('value_to_date') }},
            '，落后时序路径', {{ number_text('path_value') }}, '达',
            {{ number_text('gap_pct', 1) }}, '%'
        ) as headline_zh,
        {{ json_text([
            ['value', 'value'], ['value_to_date', 'value_to_date'],
            ['path_value', 'path_value'], ['gap_pct', 'gap_pct'],
            ['target_value', 'target_value'], ['source_kind', 'source_kind'],
            ['definition_version', 'definition_version'],
            ['breakdown', 'breakdown'], ['binding', 'binding'],
            ['status_raw', 'status_raw'], ['first_period', 'first_period'],
            ['last_period', 'period'],
            ['periods', 'cast(periods_json as json)'],
            ['observation_key', 'observation_key'],
            ['parameters', 'cast(parameters_json as json)'],
            ['limit_parameters', 'cast(limit_parameters_json as json)'],
        ]) }} as evidence
    from named
)

select * from final
