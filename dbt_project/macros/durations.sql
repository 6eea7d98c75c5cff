{#- Hours from one timestamp to a later one; empty where either is. -#}
{% macro hours_between(earlier, later) -%}
    round((epoch({{ later }}) - epoch({{ earlier }})) / 3600.0, 6)
{%- endmacro %}
