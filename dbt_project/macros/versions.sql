{#- Order of versions, to be sorted by: 9 comes before 10, and what is no number
    before what is one. -#}
{% macro version_place(version) -%}
    row(coalesce(try_cast({{ version }} as double), -1), {{ version }})
{%- endmacro %}

{#- To order by: the newest first. -#}
{% macro newest_version(version) -%}
    {{ version_place(version) }} desc nulls last
{%- endmacro %}
