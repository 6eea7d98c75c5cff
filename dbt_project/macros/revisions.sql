{#- Periods of series with a vintage that the model has not read; all revised ones
    where it is written anew, or the level of a region may have changed. -#}
{% macro revised_periods() -%}
    select distinct
        source_code,
        indicator_code,
        period
    {% if is_incremental() and not has_unread_slices('stg_regions') -%}
        from {{ ref('fct_observation') }}
        where {{ is_unread_figure(this.name) }}
    {%- else -%}
        from {{ ref('revision_triangle') }}
    {%- endif %}
{%- endmacro %}

{% macro forget_revised_periods() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} as told
        {% if not has_unread_slices('stg_regions') -%}
            using ({{ revised_periods() }}) as touched
            where {{ same(
                ['source_code', 'indicator_code', 'period'], 'told', 'touched'
            ) }}
        {%- endif %}
    {%- endif -%}
{%- endmacro %}
