{#- A table as the last build left it, or none. Without ref(): it is made after
    what reads its past. -#}
{% macro past(schema, name) -%}
    {%- if execute and not flags.FULL_REFRESH -%}
        {{ return(adapter.get_relation(target.database, schema, name)) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
