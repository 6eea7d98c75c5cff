{% set reader = 'urban_rural_ratio' %}

with

codes as (
    select
        {{ rule_parameter_text('URBAN_RURAL', 'urban_breakdown') }},
        {{ rule_parameter_text('URBAN_RURAL', 'rural_breakdown') }}
    from {{ ref('int_rule_parameters') }}
),

changed_rules as (
    select rule_id
    from {{ ref('stg_rules') }}
    where rule_id = 'URBAN_RURAL' and {{ is_unread_slice(reader) }}
),

-- Each way reads the figures itself: put together, both would read all periods.
figures as (
    {% for condition in [
        is_unread_figure(reader), 'exists (select 1 from changed_rules)',
    ] -%}
        select
            indicator_code,
            region_code,
            period,
            breakdown
        from {{ ref('fct_observation') }}
        where
            unit_code is null
            and {{ condition }}
        {{ 'union' if not loop.last }}
    {% endfor -%}
),

final as (
    select distinct
        {{ hash_key(['indicator_code', 'region_code', 'period']) }}
            as ratio_key,
        figures.indicator_code,
        figures.region_code,
        figures.period,
        codes.urban_breakdown,
        codes.rural_breakdown
    from figures
    inner join codes
        on
            figures.breakdown in (
                codes.urban_breakdown, codes.rural_breakdown
            )
)

select * from final
