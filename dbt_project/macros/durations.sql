{#- Hours from one timestamp to a later one; empty where either is. -#}
{% macro hours_between(earlier, later) -%}
    {{ return(adapter.dispatch('hours_between', 'planwatch')(earlier, later)) }}
{%- endmacro %}

{% macro default__hours_between(earlier, later) -%}
    round((epoch({{ later }}) - epoch({{ earlier }})) / 3600.0, 6)
{%- endmacro %}

{% macro spark__hours_between(earlier, later) -%}
    round(
        (unix_timestamp({{ later }}) - unix_timestamp({{ earlier }})) / 3600.0,
        6
    )
{%- endmacro %}
