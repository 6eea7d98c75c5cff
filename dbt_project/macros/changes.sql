{#- Columns of the vintage before, as old_<column>: of the own key, or for its
    first vintage of the whole line that it belongs to. Needs the windows own
    and line. -#}
{% macro before_change(columns) -%}
    {%- for column in columns -%}
        case
            when row_number() over own = 1 then lag({{ column }}) over line
            else lag({{ column }}) over own
        end as old_{{ column }}{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{#- Equality of every one of some columns between two relations. -#}
{% macro same(columns, left, right) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} = {{ right }}.{{ column }}
        {{- ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Columns, each with the name of its relation before it. -#}
{% macro of_relation(relation, columns) -%}
    {%- for column in columns -%}
        {{ relation }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
