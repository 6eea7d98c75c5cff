with

parameters as (
    select * from {{ ref('int_rule_parameters') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

-- Totals are divided by the people that they are shared among; EQUAL lets
-- every region count the same.
declared as (
    select
        parameter as indicator_code,
        value as population_indicator_code,
        value = 'EQUAL' as is_per_capita
    from parameters
    where rule_id = 'INEQUALITY_PAIR'
),

-- Means weighted by people are per-capita values as they stand.
weighted as (
    select distinct
        indicator_code,
        weight_indicator_code as population_indicator_code,
        true as is_per_capita
    from indicators
    where
        is_key and aggregation = 'weighted_mean'
        and weight_indicator_code is not null
),

comparable as (
    select distinct
        indicator_code,
        population_indicator_code,
        true as is_per_capita
    from {{ ref('int_comparable_values') }}
),

final as (
    select
        indicator_code,
        population_indicator_code,
        is_per_capita
    from declared
    union all
    select
        indicator_code,
        population_indicator_code,
        is_per_capita
    from comparable
    union all
    select
        weighted.indicator_code,
        weighted.population_indicator_code,
        weighted.is_per_capita
    from weighted
    left join declared
        on
            weighted.indicator_code = declared.indicator_code
            and weighted.population_indicator_code
            = declared.population_indicator_code
    where declared.indicator_code is null
)

select * from final
