{#- What a report and an official figure must share to stand side by side. -#}
{% macro compared_point() -%}
    {{ return([
        'indicator_code', 'definition_version', 'region_code', 'period',
        'breakdown',
    ]) }}
{%- endmacro %}

{% macro forget_moved_points() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} as told
        using (
            select distinct {{ compared_point() | join(', ') }}
            from {{ ref('fct_observation') }}
            where {{ is_unread_figure(this.name) }}
        ) as moved
        where {{ same(compared_point(), 'told', 'moved') }}
    {%- endif -%}
{%- endmacro %}
