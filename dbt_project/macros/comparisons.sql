{#- The tables themselves, without ref(): they are written after what reads here
    which comparisons they hold. -#}
{% macro standing_comparisons() -%}
    {%- set found = [] -%}
    {%- for mart in [
        'regional_inequality_contribution', 'regional_inequality',
        'regional_inequality_change', 'regional_convergence',
    ] if execute and not flags.FULL_REFRESH -%}
        {%- set standing = adapter.get_relation(
            target.database, 'marts', mart
        ) -%}
        {%- if standing is not none -%}
            {%- do found.append(standing) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- Pre-hook: what follows from period to period is read again from the first
    touched period on. -#}
{% macro forget_comparisons_since() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} as told
        using {{ ref('int_inequality_since') }} as since
        where
            {{ same(
                ['indicator_code', 'population_indicator_code', 'source_kind'],
                'told', 'since'
            ) }}
            and {{ period_months('told.period') }} = since.months
            and told.period >= since.from_period
    {%- endif -%}
{%- endmacro %}

{#- Contributions of the comparisons that are touched in any period. -#}
{% macro contributions_since() -%}
    select
        contributions.*,
        since.months,
        since.from_period
    from {{ ref('regional_inequality_contribution') }} as contributions
    inner join {{ ref('int_inequality_since') }} as since
        on
            {{ same(
                ['indicator_code', 'population_indicator_code', 'source_kind'],
                'contributions', 'since'
            ) }}
            and {{ period_months('contributions.period') }} = since.months
    where contributions.not_computed_reason is null
{%- endmacro %}

{#- Whether a figure or rule of comparable prices has not been read: one link of
    a chain of indices moves all years after it. -#}
{% macro comparable_values_have_changed() -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select count(*) from " ~ ref('fct_observation')
            ~ " where unit_code is null and indicator_code in ("
            ~ "select value from " ~ ref('int_rule_parameters')
            ~ " where rule_id = 'COMPARABLE_PRICES') and "
            ~ is_unread_figure(this.name)
        ) -%}
        {{ return(
            found.columns[0].values()[0] > 0 or has_unread('registry_rules')
        ) }}
    {%- endif -%}
    {{ return(true) }}
{%- endmacro %}

{#- A condition: nothing is read where nothing has changed. -#}
{% macro comparable_values_are_due() -%}
    {%- if is_incremental() and not comparable_values_have_changed() -%}
        false
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro forget_comparable_values() -%}
    {%- if execute and is_incremental() and comparable_values_have_changed() -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}
