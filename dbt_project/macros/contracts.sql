{#-
  Whether a model's SQL gives the columns of its contract, of the same types. In
  place of dbt's own, which has the database describe the contract, too: types
  are written there as DuckDB names them, so there is nothing to look up.
-#}
{% macro duckdb__get_assert_columns_equivalent(sql) -%}
    {%- set promised, found = {}, {} -%}
    {%- for column in model.columns.values() -%}
        {%- do promised.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {%- for column in get_column_schema_from_query(sql) -%}
        {%- do found.update({column.name: column.dtype}) -%}
    {%- endfor -%}
    {%- if told_types(promised) != told_types(found) -%}
        {%- do exceptions.raise_contract_error(
            told_columns(promised), told_columns(found)
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro told_types(columns) -%}
    {%- set types = {} -%}
    {%- for name, data_type in columns.items() -%}
        {%- do types.update({
            name | lower: (data_type or 'nothing') | upper | replace(' ', '')
        }) -%}
    {%- endfor -%}
    {{ return(types) }}
{%- endmacro %}

{% macro told_columns(columns) -%}
    {%- set told = [] -%}
    {%- for name, data_type in told_types(columns).items() -%}
        {%- do told.append({
            'name': name, 'data_type': data_type,
            'formatted': name ~ ' ' ~ data_type,
        }) -%}
    {%- endfor -%}
    {{ return(told) }}
{%- endmacro %}
