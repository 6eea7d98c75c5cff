{#- Distinct texts of a group, sorted and joined; empty where there is none. -#}
{% macro text_list(expression, separator=', ') -%}
    nullif(
        array_to_string(
            list_sort(
                list(distinct {{ expression }}) filter (
                    where {{ expression }} is not null
                )
            ),
            '{{ separator }}'
        ),
        ''
    )
{%- endmacro %}
