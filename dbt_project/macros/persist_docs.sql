{#- Descriptions stay on a table that goes on standing: told again on each wave,
    a statement a column, they would take longer than the wave. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- if not is_incremental() -%}
        {{ default__persist_docs(relation, model, for_relation, for_columns) }}
    {%- endif -%}
{%- endmacro %}
