-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_comparable_values() }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation'], 'int_progress_clock'
    ) }}",
) }}

{# Values at constant prices: the nominal value of the base period carried on
   with the region's own volume indices (previous year = 100), per head of the
   average of this and the year before. No national deflator is ever used. #}
with

codes as (
    select
        {{ rule_parameter_text('COMPARABLE_PRICES', 'code') }},
        {{ rule_parameter_text('COMPARABLE_PRICES', 'nominal_indicator') }},
        {{ rule_parameter_text('COMPARABLE_PRICES', 'index_indicator') }},
        {{ rule_parameter_text('COMPARABLE_PRICES', 'population_indicator') }},
        {{ rule_parameter_text('COMPARABLE_PRICES', 'base_period') }}
    from {{ ref('int_rule_parameters') }}
),

observations as (
    select
        observations.indicator_code,
        observations.region_code,
        observations.source_kind,
        cast(observations.period as integer) as year_no,
        cast(observations.value as double) as value,
        observations.known_from,
        observations.source_code
    from {{ ref('fct_observation') }} as observations
    inner join codes
        on
            observations.indicator_code in (
                codes.nominal_indicator, codes.index_indicator,
                codes.population_indicator
            )
    where
        observations.is_current and observations.unit_code is null
        and observations.breakdown = '_T' and observations.value is not null
        and length(observations.period) = 4
        and {{ comparable_values_are_due() }}
    qualify
        row_number() over (
            partition by
                observations.indicator_code, observations.region_code,
                observations.source_kind, observations.period
            order by
                {{ newest_version('observations.definition_version') }},
                observations.known_from desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

base_values as (
    select observations.*
    from observations
    inner join codes
        on
            observations.indicator_code = codes.nominal_indicator
            and observations.year_no = cast(codes.base_period as integer)
),

-- A year without an index ends the chain.
chained as (
    select
        base_values.region_code,
        base_values.source_kind,
        indices.year_no,
        base_values.value * exp(
            sum(ln(indices.value / 100)) over years
        ) as value,
        count(*) over years = indices.year_no - base_values.year_no
            as is_unbroken
    from base_values
    inner join codes on 1 = 1
    inner join observations as indices
        on
            base_values.region_code = indices.region_code
            and base_values.source_kind = indices.source_kind
            and codes.index_indicator = indices.indicator_code
            and base_values.year_no < indices.year_no
    where indices.value > 0
    window years as (
        partition by base_values.region_code, base_values.source_kind
        order by indices.year_no asc nulls last
        rows between unbounded preceding and current row
    )
),

real_values as (
    select
        region_code,
        source_kind,
        year_no,
        value
    from chained
    where is_unbroken
    union all
    select
        region_code,
        source_kind,
        year_no,
        value
    from base_values
),

final as (
    select
        codes.code as indicator_code,
        codes.population_indicator as population_indicator_code,
        real_values.region_code,
        cast(real_values.year_no as varchar) as period,
        real_values.source_kind,
        {{ significant('real_values.value') }} / (
            (people.value + people_before.value) / 2
        ) as value
    from real_values
    inner join codes on 1 = 1
    inner join observations as people
        on
            real_values.region_code = people.region_code
            and real_values.source_kind = people.source_kind
            and real_values.year_no = people.year_no
            and codes.population_indicator = people.indicator_code
    inner join observations as people_before
        on
            real_values.region_code = people_before.region_code
            and real_values.source_kind = people_before.source_kind
            and real_values.year_no - 1 = people_before.year_no
            and codes.population_indicator = people_before.indicator_code
)

select * from final
