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

of_parts as (
    select
        observations.*,
        codes.urban_breakdown,
        codes.rural_breakdown
    from {{ ref('fct_observation') }} as observations
    inner join codes
        on
            observations.breakdown in (
                codes.urban_breakdown, codes.rural_breakdown
            )
    where observations.unit_code is null
),

{% set named -%}
    indicator_code, region_code, period, urban_breakdown, rural_breakdown
{%- endset %}

-- Apart, so that only a change of terms reads all periods.
touched as (
    select {{ named }}
    from of_parts
    where {{ is_unread_figure(reader) }}
    union
    select {{ named }}
    from of_parts
    where exists (select 1 from changed_rules)
),

final as (
    select
        {{ hash_key(['indicator_code', 'region_code', 'period']) }}
            as ratio_key,
        {{ named }}
    from touched
)

select * from final
