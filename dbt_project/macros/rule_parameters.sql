{#- One parameter of one rule as a column; empty where it is not declared. -#}
{% macro rule_parameter(rule_id, name) -%}
    max(case when rule_id = '{{ rule_id }}' and parameter = '{{ name }}' then cast(value as double) end) as {{ name }}
{%- endmacro %}

{#- The same as text, for codes. -#}
{% macro rule_parameter_text(rule_id, name) -%}
    max(case when rule_id = '{{ rule_id }}' and parameter = '{{ name }}' then value end) as {{ name }}
{%- endmacro %}
