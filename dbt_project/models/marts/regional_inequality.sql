-- depends_on: {{ ref('stg_clock') }} {{ ref('int_progress_clock') }}
-- depends_on: {{ ref('int_inequality_touched') }}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='comparison_key',
    on_schema_change='fail',
    pre_hook=[
        "{{ reset_watermark() }}",
        "{{ refuse_going_back() }}",
        "{{ forget_keys('int_inequality_touched', 'comparison_key') }}",
    ],
    post_hook="{{ record_watermark(
        ['regional_inequality_contribution'], 'int_progress_clock'
    ) }}",
) }}

{% set cell = ['comparison_key', 'region_level', 'group_kind'] %}

with

touched as (
    select comparison_key from {{ ref('int_inequality_touched') }}
),

contributions as (
    select *
    from {{ ref('regional_inequality_contribution') }}
    where comparison_key in (select touched.comparison_key from touched)
),

measures as (
    select * from {{ ref('int_inequality_measures') }}
),

group_parts as (
    select * from {{ ref('int_inequality_groups') }}
),

cells as (
    select
        indicator_code,
        population_indicator_code,
        region_level,
        group_kind,
        period,
        source_kind,
        comparison_key,
        n_expected,
        count(*) as n_regions,
        rule_version,
        not_computed_reason,
        not_split_reason
    from contributions
    where region_code is not null
    group by all
),

final as (
    select
        cells.indicator_code,
        cells.population_indicator_code,
        cells.region_level,
        cells.group_kind,
        cells.period,
        cells.source_kind,
        cells.comparison_key,
        cells.n_expected,
        cells.n_regions,
        round(100 * cells.n_regions / cells.n_expected, 10) as coverage_pct,
        {% for name in ['theil_t', 'theil_l'] -%}
            round(by_people.{{ name }}, 10) as {{ name }},
            round(parts.{{ name }}_between, 10) as {{ name }}_between,
            round(by_people.{{ name }} - parts.{{ name }}_between, 10)
                as {{ name }}_within,
        {% endfor -%}
        round(by_people.gini, 10) as gini_weighted,
        round(alike.gini, 10) as gini_unweighted,
        {% for rows, others, weighting in [
            ('parts', 'by_people', 'weighted'),
            ('alike_parts', 'alike', 'unweighted'),
        ] -%}
            round({{ rows }}.gini_within, 10)
                as dagum_{{ weighting }}_within,
            round({{ rows }}.gini_between, 10)
                as dagum_{{ weighting }}_between,
            round(
                {{ others }}.gini - {{ rows }}.gini_within
                - {{ rows }}.gini_between,
                10
            ) as dagum_{{ weighting }}_transvariation,
        {% endfor -%}
        round(by_people.cv, 10) as cv_weighted,
        round(alike.cv, 10) as cv,
        round(alike.cv_sample, 10) as cv_sample,
        round(alike.max_min_ratio, 10) as max_min_ratio,
        round(parts.group_max_min_ratio, 10) as group_max_min_ratio,
        round(alike.sigma, 10) as sigma,
        round(alike.sigma_sample, 10) as sigma_sample,
        cells.not_computed_reason,
        cells.not_split_reason,
        cells.rule_version
    from cells
    {% for name, relation, weighting in [
        ('by_people', 'measures', 'population'),
        ('alike', 'measures', 'equal'),
        ('parts', 'group_parts', 'population'),
        ('alike_parts', 'group_parts', 'equal'),
    ] -%}
        left join {{ relation }} as {{ name }}
            on
                {% for column in cell -%}
                    cells.{{ column }} = {{ name }}.{{ column }}
                    and
                {% endfor -%}
                {{ name }}.weighting = '{{ weighting }}'
                {%- if relation == 'group_parts' %}
                    and cells.not_split_reason is null
                {%- endif %}
    {% endfor %}
)

select * from final
