{#- The mart as the last build left it, or none. Without ref(): it is made after
    what reads its past. -#}
{% macro past_progress() -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {{ return(adapter.get_relation(
            target.database, 'marts', 'indicator_progress'
        )) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
