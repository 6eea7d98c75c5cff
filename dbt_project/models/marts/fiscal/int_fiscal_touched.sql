{% set reader = 'fiscal_risk' %}

with

items as (
    select * from {{ ref('int_fiscal_items') }}
),

-- Rows on which every region depends: a change of one touches all periods.
changed_terms as (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where
        rule_id in ('FISCAL_RISK', 'FISCAL_ITEM')
        and {{ is_unread_slice(reader) }}
    union all
    select region_code as changed
    from {{ ref('stg_regions') }}
    where {{ is_unread(reader) }}
),

-- All periods where terms have changed; else nothing is looked for.
items_anew as (
    select * from items
    where exists (select 1 from changed_terms)
),

-- Each way reads the figures itself: put together, both would read all periods.
touched as (
    select
        period,
        period_end,
        source_kind
    from {{ ref('fct_observation') }}
    where
        unit_code is null and breakdown = '_T'
        and indicator_code in (select items.indicator_code from items)
        and {{ is_unread_figure(reader) }}
    union
    select
        period,
        period_end,
        source_kind
    from {{ ref('fct_observation') }}
    where
        unit_code is null and breakdown = '_T'
        and indicator_code in (
            select items_anew.indicator_code from items_anew
        )
),

final as (
    select
        {{ hash_key(['period', 'source_kind']) }} as fiscal_key,
        period,
        period_end,
        source_kind
    from touched
)

select * from final
