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

final as (
    select distinct
        {{ hash_key(['indicator_code', 'region_code', 'period']) }}
            as ratio_key,
        observations.indicator_code,
        observations.region_code,
        observations.period,
        codes.urban_breakdown,
        codes.rural_breakdown
    from {{ ref('fct_observation') }} as observations
    inner join codes
        on
            observations.breakdown in (
                codes.urban_breakdown, codes.rural_breakdown
            )
    where
        observations.unit_code is null
        and (
            {{ is_unread(reader) }}
            or exists (select 1 from changed_rules)
        )
)

select * from final
