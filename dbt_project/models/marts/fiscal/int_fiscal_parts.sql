with

touched as (
    select * from {{ ref('int_fiscal_touched') }}
),

items as (
    select * from {{ ref('int_fiscal_items') }}
),

observations as (
    select *
    from {{ ref('fct_observation') }}
    where
        is_current and unit_code is null and breakdown = '_T'
        and value is not null
        and period_end >= {{ earliest('bound.period_end', 'touched') }}
),

-- The newest definition and what became known last, one value each.
item_values as (
    select
        touched.fiscal_key,
        touched.period,
        touched.source_kind,
        observations.region_code,
        observations.indicator_code,
        observations.unit_measure,
        cast(observations.value as double) as value
    from observations
    inner join touched
        on
            observations.period = touched.period
            and observations.source_kind = touched.source_kind
    where
        observations.indicator_code in (select items.indicator_code from items)
    qualify
        row_number() over (
            partition by
                touched.fiscal_key, observations.region_code,
                observations.indicator_code
            order by
                {{ newest_version('observations.definition_version') }},
                observations.known_from desc nulls last,
                observations.source_code asc nulls last
        ) = 1
),

-- A part of which one item is missing is not known.
parts as (
    select
        item_values.fiscal_key,
        item_values.period,
        item_values.source_kind,
        item_values.region_code,
        items.part,
        case
            when count(*) = max(items.n_items) then sum(item_values.value)
        end as amount,
        min(item_values.unit_measure) as least_unit,
        max(item_values.unit_measure) as greatest_unit
    from item_values
    inner join items on item_values.indicator_code = items.indicator_code
    group by
        item_values.fiscal_key, item_values.period, item_values.source_kind,
        item_values.region_code, items.part
),

final as (
    select
        fiscal_key,
        period,
        source_kind,
        region_code,
        {% for name in [
            'explicit_debt', 'hidden_debt', 'resources', 'revenue',
            'expenditure', 'population',
        ] -%}
            max(case when part = '{{ name }}' then amount end) as {{ name }},
        {% endfor -%}
        coalesce(
            min(case when part <> 'population' then least_unit end)
            <> max(case when part <> 'population' then greatest_unit end),
            false
        ) as units_differ
    from parts
    group by fiscal_key, period, source_kind, region_code
)

select * from final
