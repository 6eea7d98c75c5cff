{#-
  An incremental strategy: delete+insert that looks no further back than the
  oldest period among the new rows. All rows of a key are of one period, so
  nothing is missed, and the history before need not be read to find it.
-#}
{% macro get_incremental_replace_since_sql(arguments) -%}
    {%- set target = arguments['target_relation'] -%}
    {%- set source = arguments['temp_relation'] -%}
    {%- set key = arguments['unique_key'] -%}
    {%- set columns = arguments['dest_columns']
        | map(attribute='quoted') | join(', ') -%}
    delete from {{ target }} as told
    where
        told.period_end >= (select min(fresh.period_end) from {{ source }} as fresh)
        and told.{{ key }} in (select fresh.{{ key }} from {{ source }} as fresh);

    insert into {{ target }} ({{ columns }})
    select {{ columns }} from {{ source }}
{%- endmacro %}
