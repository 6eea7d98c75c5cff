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
        ['int_inequality_touched'], 'int_progress_clock'
    ) }}",
) }}

with

shares as (
    select * from {{ ref('int_inequality_shares') }}
),

-- Nothing to share adds nothing to T; L is not defined then.
region_rows as (
    select
        *,
        case
            when value_share = 0 then 0
            else value_share * ln(value_share / population_share)
        end as theil_t_part,
        case
            when value_share > 0
                then population_share * ln(population_share / value_share)
        end as theil_l_part
    from shares
),

-- A level with a region at zero has no L at all.
summed as (
    select
        comparison_key,
        indicator_code,
        population_indicator_code,
        region_level,
        group_kind,
        period,
        source_kind,
        group_code,
        n_expected,
        count(*) as n_regions,
        rule_version,
        not_computed_reason,
        not_split_reason,
        sum(population) as population,
        sum(population * per_capita) / sum(population) as per_capita,
        sum(population_share) as population_share,
        sum(value_share) as value_share,
        sum(theil_t_part) as theil_t_part,
        case
            when count(theil_l_part) = count(*) then sum(theil_l_part)
        end as theil_l_part
    from region_rows
    where not_split_reason is null
    group by all
),

group_rows as (
    select
        *,
        case
            when value_share = 0 then 0
            else value_share * ln(value_share / population_share)
        end as theil_t_between_part,
        case
            when value_share > 0
                then population_share * ln(population_share / value_share)
        end as theil_l_between_part
    from summed
),

final as (
    {% for rows in ['group_rows', 'region_rows'] -%}
        select
            indicator_code,
            population_indicator_code,
            region_level,
            group_kind,
            period,
            source_kind,
            group_code,
            {% if rows == 'group_rows' -%}
                cast(null as varchar) as region_code,
                n_regions,
            {%- else -%}
                region_code,
                cast(1 as bigint) as n_regions,
            {%- endif %}
            comparison_key,
            n_expected,
            cast(population as double) as population,
            {% if rows == 'group_rows' -%}
                {{ significant('per_capita') }} as per_capita,
            {%- else -%}
                per_capita,
            {%- endif %}
            round(population_share, 10) as population_share,
            round(value_share, 10) as value_share,
            round(theil_t_part, 10) as theil_t_contribution,
            round(theil_l_part, 10) as theil_l_contribution,
            {% if rows == 'group_rows' -%}
                round(theil_t_between_part, 10) as theil_t_between,
                round(theil_t_part - theil_t_between_part, 10)
                    as theil_t_within,
                round(theil_l_between_part, 10) as theil_l_between,
                round(theil_l_part - theil_l_between_part, 10)
                    as theil_l_within,
                round(
                    (theil_t_part - theil_t_between_part)
                    / nullif(value_share, 0), 10
                ) as theil_t,
            {%- else -%}
                cast(null as double) as theil_t_between,
                cast(null as double) as theil_t_within,
                cast(null as double) as theil_l_between,
                cast(null as double) as theil_l_within,
                cast(null as double) as theil_t,
            {%- endif %}
            not_computed_reason,
            not_split_reason,
            rule_version
        from {{ rows }}
        {% if not loop.last -%} union all {%- endif %}
    {% endfor %}
)

select * from final
