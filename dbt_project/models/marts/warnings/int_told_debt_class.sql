with

rule as (
    select * from {{ ref('int_rules') }}
    where rule_id = 'EW_DEBT_CLASS'
),

regions as (
    select * from {{ ref('dim_region') }}
),

rated as (
    select
        *,
        {{ period_end('period') }} as ends_on,
        debt_class in ('yellow', 'orange', 'red') as is_bad,
        row_number() over (
            partition by region_code, source_kind
            order by
                {{ period_end('period') }} asc nulls last, period asc nulls last
        ) as place
    from {{ ref('fiscal_risk') }}
    where debt_class <> 'not_rated'
),

placed as (
    select
        *,
        place - row_number() over (
            partition by region_code, source_kind, is_bad
            order by place asc nulls last
        ) as run_id,
        lead(ends_on) over (
            partition by region_code, source_kind
            order by place asc nulls last
        ) as next_ends_on
    from rated
),

runs as (
    select
        region_code,
        source_kind,
        max(place) as last_place,
        count(*) as n_periods,
        min(ends_on) as first_ends_on
    from placed
    where is_bad
    group by region_code, source_kind, run_id
    qualify
        row_number() over (
            partition by region_code, source_kind
            order by max(place) desc nulls last
        ) = 1
),

warnings as (
    select
        placed.*,
        runs.n_periods,
        runs.first_ends_on,
        rule.rule_id,
        rule.rule_version as warning_rule_version,
        rule.escalate_every,
        rule.parameters_json,
        coalesce(regions.name_en, placed.region_code) as name_en,
        coalesce(regions.name_zh, regions.name_en, placed.region_code)
            as name_zh
    from runs
    cross join rule
    inner join placed
        on
            runs.region_code = placed.region_code
            and runs.source_kind = placed.source_kind
            and runs.last_place = placed.place
    left join regions on placed.region_code = regions.region_code
),

-- The mart keeps no day of knowledge: the end of the period stands for it.
final as (
    select
        {{ warning_id(['rule_id', 'region_code', 'source_kind']) }}
            as warning_id,
        'debt' as subject_kind,
        {{ hash_key(["'debt'", 'region_code', 'source_kind']) }}
            as subject_key,
        rule_id,
        warning_rule_version as rule_version,
        cast(null as varchar) as plan_code,
        cast(null as varchar) as plan_version,
        cast(null as varchar) as indicator_code,
        region_code,
        cast(null as varchar) as unit_code,
        cast(null as varchar) as responsible_unit_code,
        cast(null as varchar) as form_code,
        period,
        debt_class as severity,
        'F' as conf_status,
        {{ end_of_day('first_ends_on') }} as first_raised_at,
        {{ end_of_day('ends_on') }} as last_seen_at,
        {{ end_of_day('next_ends_on') }} as resolved_at,
        {{ escalation('n_periods - 1') }} as escalation_level,
        concat(
            name_en, ': debt is ', {{ number_text('debt_ratio_pct', 1) }},
            ' % of resources in ', period, ', class ', debt_class
        ) as headline_en,
        concat(
            name_zh, '：', period, '债务率为',
            {{ number_text('debt_ratio_pct', 1) }}, '%，风险等级',
            {{ status_zh('debt_class') }}
        ) as headline_zh,
        {{ json_text([
            ['debt_ratio_pct', 'debt_ratio_pct'], ['debt', 'debt'],
            ['resources', 'resources'],
            ['explicit_debt_only', 'explicit_debt_only'],
            ['headroom_money', 'headroom_money'],
            ['class_rule_version', 'rule_version'],
            ['source_kind', 'source_kind'],
            ['parameters', 'cast(parameters_json as json)'],
        ]) }} as evidence
    from warnings
)

select * from final
