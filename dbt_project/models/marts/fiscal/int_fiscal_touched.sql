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

final as (
    select distinct
        {{ hash_key(['period', 'source_kind']) }} as fiscal_key,
        period,
        source_kind
    from {{ ref('fct_observation') }}
    where
        unit_code is null and breakdown = '_T'
        and indicator_code in (select items.indicator_code from items)
        and (
            {{ is_unread(reader) }}
            or exists (select 1 from changed_terms)
        )
)

select * from final
