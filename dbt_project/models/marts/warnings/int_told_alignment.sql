with

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_CHILDREN_BELOW_PARENT'
),

targets as (
    select * from {{ ref('fct_target') }}
    where is_current
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

regions as (
    select * from {{ ref('dim_region') }}
),

-- Only what the children promise together counts here; the mart itself names
-- the missing and the weaker ones.
warnings as (
    select
        alignment.*,
        targets.known_from,
        targets.responsible_unit_code,
        indicators.conf_status,
        rule.rule_id,
        rule.rule_version,
        rule.parameters_json,
        concat_ws(
            ', ',
            indicators.name_en, coalesce(regions.name_en, alignment.region_code)
        ) as subject_en,
        concat(
            coalesce(regions.name_zh, regions.name_en, alignment.region_code),
            coalesce(indicators.name_zh, indicators.name_en)
        ) as subject_zh
    from {{ ref('target_alignment') }} as alignment
    cross join rule
    inner join targets on alignment.target_key = targets.target_key
    inner join indicators
        on
            alignment.indicator_code = indicators.indicator_code
            and alignment.definition_version = indicators.definition_version
    left join regions on alignment.region_code = regions.region_code
    where not alignment.is_met_together
),

final as (
    select
        {{ warning_id(['rule_id', 'target_key', 'child_kind']) }}
            as warning_id,
        'alignment' as subject_kind,
        {{ hash_key(["'alignment'", 'target_key', 'child_kind']) }}
            as subject_key,
        rule_id,
        rule_version,
        plan_code,
        plan_version,
        indicator_code,
        region_code,
        unit_code,
        coalesce(unit_code, responsible_unit_code) as responsible_unit_code,
        cast(null as varchar) as form_code,
        plan_code as period,
        case when binding then 'red' else 'orange' end as severity,
        coalesce(conf_status, 'F') as conf_status,
        known_from as first_raised_at,
        known_from as last_seen_at,
        cast(null as timestamp) as resolved_at,
        0 as escalation_level,
        concat(
            subject_en, ': the targets below add up to ',
            {{ number_text('children_value') }}, ' against ',
            {{ number_text('target_value') }}
        ) as headline_en,
        concat(
            subject_zh, '：下级目标合计为', {{ number_text('children_value') }},
            '，达不到', {{ number_text('target_value') }}
        ) as headline_zh,
        {{ json_text([
            ['children_value', 'children_value'],
            ['target_value', 'target_value'], ['gap', 'gap'],
            ['alignment_method', 'alignment_method'],
            ['child_kind', 'child_kind'], ['n_children', 'n_children'],
            ['n_missing', 'n_missing'],
            ['missing_children', 'missing_children'],
            ['weaker_children', 'weaker_children'],
            ['parameters', 'cast(parameters_json as json)'],
        ]) }} as evidence
    from warnings
)

select * from final
