with

touched as (
    select * from {{ ref('int_aggregate_touched') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
    where aggregation <> 'none'
),

-- Figures of a region itself; of two sources of a kind the newer counts.
figures as (
    select *
    from {{ ref('fct_observation') }}
    where
        is_current
        and unit_code is null
        and value is not null
        and period in (select touched.period from touched)
        and period_end >= {{ earliest('bound.period_end', 'touched') }}
    qualify
        row_number() over (
            partition by
                source_kind, region_code, indicator_code, definition_version,
                period, breakdown
            order by known_from desc nulls last, source_code asc nulls last
        ) = 1
),

weights as (
    select *
    from figures
    where breakdown = '_T'
    qualify
        row_number() over (
            partition by source_kind, region_code, indicator_code, period
            order by {{ newest_version('definition_version') }}
        ) = 1
),

final as (
    select
        touched.aggregate_key,
        figures.source_kind,
        figures.region_code,
        figures.indicator_code,
        figures.definition_version,
        figures.period,
        figures.period_end,
        figures.breakdown,
        indicators.aggregation,
        indicators.weight_indicator_code,
        figures.value,
        case
            when indicators.aggregation <> 'weighted_mean'
                then cast(1 as decimal(38, 10))
            else weights.value
        end as weight
    from figures
    inner join touched
        on
            figures.indicator_code = touched.indicator_code
            and figures.period = touched.period
    inner join indicators
        on
            figures.indicator_code = indicators.indicator_code
            and figures.definition_version = indicators.definition_version
    left join weights
        on
            figures.source_kind = weights.source_kind
            and figures.region_code = weights.region_code
            and indicators.weight_indicator_code = weights.indicator_code
            and figures.period = weights.period
)

select * from final
