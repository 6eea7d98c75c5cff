{#- Columns of the vintage before of the own key, as own_<column>; needs the
    window own. -#}
{% macro own_before(columns) -%}
    {%- for column in columns -%}
        lag({{ column }}) over own as own_{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Columns before a change, as old_<column>: of the own key, or for its first
    vintage of the version that it takes up. -#}
{% macro before_change(columns) -%}
    {%- for column in columns -%}
        case
            when ordered.is_first then taken_up.{{ column }}
            else ordered.own_{{ column }}
        end as old_{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Equality of every one of some columns between two relations. -#}
{% macro same(columns, left, right) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} = {{ right }}.{{ column }}
        {{- ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- The same where nothing equals nothing. -#}
{% macro same_or_none(columns, left, right) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} is not distinct from {{ right }}.{{ column }}
        {{- ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- Columns, each with the name of its relation before it. -#}
{% macro of_relation(relation, columns) -%}
    {%- for column in columns -%}
        {{ relation }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
