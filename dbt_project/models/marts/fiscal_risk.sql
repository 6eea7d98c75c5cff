-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
-- depends_on: {{ ref('int_fiscal_touched') }} {{ ref('stg_rules') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='fiscal_key',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_keys('int_fiscal_touched', 'fiscal_key') }}",
        "{{ forget_what_rules_named('FISCAL_ITEM') }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation'], 'int_progress_clock'
    ) }}",
) }}

with

parts as (
    select * from {{ ref('int_fiscal_parts') }}
),

levels as (
    select
        region_code,
        max(level) as region_level
    from {{ ref('stg_regions') }}
    where is_current
    group by region_code
),

rules as (
    select * from {{ ref('int_fiscal_rules') }}
),

measured as (
    select
        parts.*,
        levels.region_level,
        rules.rule_version,
        rules.yellow_from_pct,
        rules.orange_from_pct,
        rules.red_from_pct,
        parts.explicit_debt + coalesce(parts.hidden_debt, 0) as debt,
        parts.hidden_debt is null as explicit_debt_only,
        parts.revenue / nullif(parts.expenditure, 0) as self_sufficiency,
        parts.expenditure / nullif(parts.population, 0)
            as expenditure_per_capita,
        case
            when
                rules.yellow_from_pct + rules.orange_from_pct
                + rules.red_from_pct is null
                then 'no rule'
            when parts.units_differ then 'units differ'
            when parts.explicit_debt is null then 'no debt'
            when parts.resources is null then 'no resources'
            when parts.resources <= 0 then 'resources not positive'
        end as not_rated_reason
    from parts
    inner join levels on parts.region_code = levels.region_code
    cross join rules
    where
        coalesce(
            parts.explicit_debt, parts.resources, parts.revenue,
            parts.expenditure
        ) is not null
),

-- Bounds belong to the worse class; products, so that no quotient decides.
classed as (
    select
        *,
        case
            when not_rated_reason is not null then 'not_rated'
            when 100 * debt >= red_from_pct * resources then 'red'
            when 100 * debt >= orange_from_pct * resources then 'orange'
            when 100 * debt >= yellow_from_pct * resources then 'yellow'
            else 'green'
        end as debt_class
    from measured
),

-- The mean has the peers of the spread around it: a region without people
-- has no expenditure per person and must not move the mean of the others.
bounded as (
    select
        *,
        case debt_class
            when 'green' then yellow_from_pct
            when 'yellow' then orange_from_pct
            when 'orange' then red_from_pct
        end as next_class_from_pct,
        sum(expenditure) over peers / sum(population) over peers
            as peer_expenditure,
        ntile(5) over (
            partition by
                fiscal_key, region_level, self_sufficiency is not null
            order by
                self_sufficiency asc nulls last, region_code asc nulls last
        ) as fifth
    from classed
    window peers as (
        partition by
            fiscal_key, region_level, expenditure_per_capita is not null
    )
),

final as (
    select
        region_code,
        period,
        source_kind,
        fiscal_key,
        region_level,
        explicit_debt,
        hidden_debt,
        explicit_debt_only,
        debt,
        resources,
        case
            when not_rated_reason is null
                then round(100 * debt / resources, 10)
        end as debt_ratio_pct,
        debt_class,
        next_class_from_pct,
        round(next_class_from_pct / 100 * resources - debt, 10)
            as headroom_money,
        round(
            100 * (1 - 100 * debt / (next_class_from_pct * resources)), 10
        ) as headroom_resources_drop_pct,
        revenue,
        expenditure,
        round(self_sufficiency, 10) as self_sufficiency,
        -- That of the first by rank: a code must not part equal regions.
        case
            when self_sufficiency is not null
                then
                    min(fifth) over (
                        partition by
                            fiscal_key, region_level,
                            round(self_sufficiency, 10)
                    )
        end as self_sufficiency_quintile,
        round(expenditure_per_capita, 10) as expenditure_per_capita,
        case
            when expenditure_per_capita is not null
                then
                    round(
                        sqrt(
                            sum(
                                population * power(
                                    expenditure_per_capita - peer_expenditure,
                                    2
                                )
                            ) over peers / sum(population) over peers
                        ) / nullif(peer_expenditure, 0),
                        10
                    )
        end as expenditure_cv_weighted,
        not_rated_reason,
        rule_version
    from bounded
    window peers as (
        partition by
            fiscal_key, region_level, expenditure_per_capita is not null
    )
)

select * from final
