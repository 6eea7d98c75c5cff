-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
{% set readers = [
    'regional_inequality_contribution',
    'regional_inequality',
    'regional_inequality_change',
    'regional_convergence',
] %}
{{ config(
    materialized='table',
    pre_hook=[
        "{{ reset_watermark_of('regional_inequality_contribution') }}",
        "{{ reset_watermark_of('regional_inequality') }}",
        "{{ reset_watermark_of('regional_inequality_change') }}",
        "{{ reset_watermark_of('regional_convergence') }}",
        "{{ reset_watermark() }}",
    ],
    post_hook="{{ record_watermark(
        ['fct_observation', 'dim_indicator', 'int_comparable_values'],
        'int_progress_clock'
    ) }}",
) }}

with

pairs as (
    select * from {{ ref('int_inequality_pairs') }}
),

-- Rows on which every comparison depends: a change of one touches all. Looked
-- for once, for all that ask whether there is one.
changed_terms as materialized (
    select rule_id as changed
    from {{ ref('stg_rules') }}
    where
        rule_id in ('INEQUALITY', 'INEQUALITY_PAIR', 'COMPARABLE_PRICES')
        and {{ is_unread_slice(readers) }}
    union all
    select indicator_code as changed
    from {{ ref('stg_indicators') }}
    where {{ is_unread(readers) }}
    union all
    select region_code as changed
    from {{ ref('stg_regions') }}
    where {{ is_unread(readers) }}
    union all
    select group_code as changed
    from {{ ref('stg_region_groups') }}
    where {{ is_unread(readers) }}
),

comparable_codes as materialized (
    select
        parameter,
        value as indicator_code
    from {{ ref('int_rule_parameters') }}
    where
        rule_id = 'COMPARABLE_PRICES'
        and parameter in (
            'code', 'nominal_indicator', 'index_indicator',
            'population_indicator'
        )
),

-- A chain of indices moves in all its years when one of them moves.
changed_links as materialized (
    select observations.indicator_code as changed
    from {{ ref('fct_observation') }} as observations
    inner join comparable_codes
        on observations.indicator_code = comparable_codes.indicator_code
    where
        comparable_codes.parameter <> 'code'
        and observations.unit_code is null
        and {{ is_unread_figure(readers) }}
),

-- Each way reads the figures itself: put together, both would read all periods.
new_observations as (
    {% for condition in [
        is_unread_figure(readers), 'exists (select 1 from changed_terms)',
    ] -%}
        select
            indicator_code,
            period,
            source_kind
        from {{ ref('fct_observation') }}
        where
            unit_code is null and breakdown = '_T'
            and {{ condition }}
        {{ 'union' if not loop.last }}
    {% endfor -%}
    union
    select distinct
        comparable.indicator_code,
        comparable.period,
        comparable.source_kind
    from {{ ref('int_comparable_values') }} as comparable
    where
        exists (select 1 from changed_terms)
        or exists (select 1 from changed_links)
),

touched as (
    select
        pairs.indicator_code,
        pairs.population_indicator_code,
        pairs.is_per_capita,
        new_observations.period,
        new_observations.source_kind
    from new_observations
    inner join pairs
        on
            new_observations.indicator_code in (
                pairs.indicator_code, pairs.population_indicator_code
            )
    group by all
),

-- What was compared before: a pair that is named no longer, and a year that a
-- chain of indices no longer reaches, have no figures that would touch them.
{% for mart in standing_comparisons() -%}
    standing_{{ loop.index }} as (
        select distinct
            indicator_code,
            population_indicator_code,
            period,
            source_kind
        from {{ mart }}
        where
            exists (select 1 from changed_terms)
            or (
                exists (select 1 from changed_links)
                and indicator_code in (
                    select codes.indicator_code
                    from comparable_codes as codes
                    where codes.parameter = 'code'
                )
            )
    ),

{% endfor -%}
listed as (
    select * from touched
    {% for mart in standing_comparisons() -%}
        union all
        select
            indicator_code,
            population_indicator_code,
            cast(null as boolean) as is_per_capita,
            period,
            source_kind
        from standing_{{ loop.index }}
    {% endfor %}
),

-- Nothing is computed of what nobody names any more.
named as (
    select
        indicator_code,
        population_indicator_code,
        bool_or(is_per_capita) as is_per_capita,
        period,
        source_kind
    from listed
    group by all
),

final as (
    select
        *,
        {{ hash_key([
            'indicator_code', 'population_indicator_code', 'period',
            'source_kind',
        ]) }} as comparison_key
    from named
)

select * from final
