{#- Text of a number in a headline: fixed digits, never scientific. -#}
{% macro number_text(number, digits=2) -%}
    cast(cast({{ number }} as decimal(38, {{ digits }})) as varchar)
{%- endmacro %}

{#- One JSON object as text; pairs is a list of [name, expression]. By a struct,
    whose names are known beforehand: json_object takes half as long again. -#}
{% macro json_text(pairs) -%}
    cast(to_json(struct_pack(
        {%- for pair in pairs %}
        "{{ pair[0] }}" := {{ pair[1] }}{{ ',' if not loop.last }}
        {%- endfor %}
    )) as varchar)
{%- endmacro %}

{#- One JSON list of objects as text, from the rows of a group, sorted by the
    first name. Sorted afterwards: an ordered aggregate keeps a buffer for
    each group, which 50,000 groups cannot afford. -#}
{% macro json_list(names) -%}
    cast(to_json(list_sort(list(
        struct_pack(
            {%- for name in names %}
            {{ name }} := {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
    ))) as varchar)
{%- endmacro %}
