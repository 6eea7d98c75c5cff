{#-
  The history of a country is too much to rate at once. A build that makes all
  anew takes the series share by share (PLANWATCH_BUILD_SHARE: "3/17"), as if
  each share came as a wave of its own; warehouse/shares.py counts them.
-#}

{#- Asked only when the SQL is written: what dbt has parsed stays valid. -#}
{% macro build_share() -%}
    {%- set share = env_var('PLANWATCH_BUILD_SHARE', '1/1') if execute
        else '1/1' -%}
    {{ return(share.split('/') | map('int') | list) }}
{%- endmacro %}

{% macro is_in_share(key) -%}
    {%- set number, count = build_share() -%}
    {%- if count > 1 -%}
        hash({{ key }}) % {{ count }} = {{ number - 1 }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro is_of_several_shares() -%}
    {{ return(build_share()[1] > 1) }}
{%- endmacro %}

{#- Only then has everything been read. -#}
{% macro is_last_share() -%}
    {%- set number, count = build_share() -%}
    {{ return(number == count) }}
{%- endmacro %}
