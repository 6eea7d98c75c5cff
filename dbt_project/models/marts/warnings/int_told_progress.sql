with

warnings as (
    select * from {{ ref('int_warnings_progress') }}
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
        coalesce(warnings.conf_status, indicators.conf_status, 'F')
            as strictest_conf_status,
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
        warning_id,
        'target' as subject_kind,
        subject_key,
        rule_id,
        rule_version,
        plan_code,
        plan_version,
        indicator_code,
        region_code,
        unit_code,
        responsible_unit_code,
        cast(null as varchar) as form_code,
        period,
        severity,
        strictest_conf_status as conf_status,
        first_raised_at,
        last_seen_at,
        resolved_at,
        escalation_level,
        {{ progress_headline_en() }} as headline_en,
        {{ progress_headline_zh() }} as headline_zh,
        {{ json_text([
            ['measure', 'measure'], ['compared_with', 'compared_with'],
            ['value', 'value'], ['value_to_date', 'value_to_date'],
            ['path_value', 'path_value'], ['gap_pct', 'gap_pct'],
            ['target_value', 'target_value'],
            ['progress_share', 'progress_share'],
            ['elapsed_share', 'elapsed_share'],
            ['source_kind', 'source_kind'],
            ['definition_version', 'definition_version'],
            ['breakdown', 'breakdown'], ['binding', 'binding'],
            ['status_raw', 'status_raw'], ['status_held', 'status_held'],
            ['p_miss', 'p_miss'], ['forecast_value', 'forecast_value'],
            ['forecast_low80', 'forecast_low80'],
            ['forecast_high80', 'forecast_high80'],
            ['forecast_method', 'forecast_method'],
            ['n_points', 'n_points'], ['first_period', 'first_period'],
            ['last_period', 'period'], ['n_periods', 'n_periods'],
            ['periods', 'periods'],
            ['observation_key', 'observation_key'],
            ['parameters', 'cast(parameters_json as json)'],
            ['limit_parameters', 'cast(limit_parameters_json as json)'],
        ]) }} as evidence
    from named
)

select * from final
