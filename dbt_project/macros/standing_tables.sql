{#-
  How tables and views are made and kept, in place of dbt's own materializations.

  A build makes everything anew when a file of this project has changed
  (warehouse/build.py), so a table that stands has the columns of its SQL. dbt
  asks for both and compares them, renames a copy into place and tells every
  description again: more than a third of the statements of a small wave
  (docs/decisions/0044). A wave moves the rows of a model in one transaction. One
  that is made anew is dropped before: a build that is killed then is not on
  record, and the next one makes everything anew.
-#}

{% materialization table, adapter='duckdb' %}
    {%- set standing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='table') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if not is_standing(standing) -%}
        {{ make_table(standing, relation, compiled_code) }}
    {%- elif config.get('contract').enforced -%}
        {#- Its descriptions and its constraints go on standing. -#}
        {%- call statement('main') -%}
            delete from {{ relation }};

            insert into {{ relation }} by name {{ compiled_code }}
        {%- endcall -%}
    {%- else -%}
        {%- call statement('main') -%}
            create or replace table {{ relation }} as {{ compiled_code }}
        {%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{#- Strategies: append (a pre-hook has taken out what comes again), or with a
    unique_key delete+insert and replace_since. The last looks no further back
    than the oldest period among the new rows: all rows of a key are of one
    period, so nothing is missed and the history before need not be read. -#}
{% materialization incremental, adapter='duckdb' %}
    {%- set standing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='table') -%}
    {%- set key = config.get('unique_key') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if not is_standing(standing) -%}
        {{ make_table(standing, relation, in_order_of_time(compiled_code)) }}
    {%- elif not key -%}
        {%- call statement('main') -%}
            insert into {{ relation }} by name
            {{ in_order_of_time(compiled_code) }}
        {%- endcall -%}
    {%- else -%}
        {%- set fresh = 'fresh_' ~ this.identifier -%}
        {%- call statement('main') -%}
            create or replace temporary table {{ fresh }} as {{ compiled_code }};

            delete from {{ relation }} as told
            where
                {% if config.get('incremental_strategy') == 'replace_since' -%}
                    told.period_end >= {{ earliest('bound.period_end', fresh) }}
                    and {{ '' }}
                {%- endif -%}
                told.{{ key }} in (select fresh.{{ key }} from {{ fresh }} as fresh);

            insert into {{ relation }} by name
            {{ in_order_of_time('from ' ~ fresh) }};

            drop table {{ fresh }}
        {%- endcall -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {%- set standing = load_cached_relation(this) -%}
    {%- set relation = this.incorporate(type='view') -%}
    {{ run_hooks(pre_hooks) }}
    {%- if standing is not none and not standing.is_view -%}
        {{ drop_relation_if_exists(standing) }}
    {%- endif -%}
    {%- call statement('main') -%}
        {%- if config.get('contract').enforced -%}
            {{ get_assert_columns_equivalent(compiled_code) }}
        {%- endif -%}
        create or replace view {{ relation }} as {{ compiled_code }}
    {%- endcall -%}
    {{ describe(relation) }}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{% macro is_standing(relation) -%}
    {{ return(
        relation is not none and relation.is_table and not should_full_refresh()
    ) }}
{%- endmacro %}

{#- With its contract and its descriptions; what was there before goes. -#}
{% macro make_table(standing, relation, sql) -%}
    {{ drop_relation_if_exists(standing) }}
    {%- call statement('main') -%}
        {{ create_table_as(False, relation, sql) }}
    {%- endcall -%}
    {{ describe(relation) }}
{%- endmacro %}

{#- What reads a wave's periods counts on rows that lie in the order of time
    (docs/decisions/0026). A wave gains by it as well: what comes out of a sort is
    written by all threads, what comes out of a join by one. -#}
{% macro in_order_of_time(sql) -%}
    {%- set times = ['period_end', 'period']
        | select('in', model.columns) | list -%}
    {%- if times -%}
        select made.* from (
            {{ sql }}
        ) as made
        order by made.{{ times[0] }}
    {%- else -%}
        {{ sql }}
    {%- endif -%}
{%- endmacro %}

{#- All descriptions in one statement. A layer that keeps them has contracts, so
    no column need be looked up. Steps between core and marts keep none: nobody
    who reads a release meets them. -#}
{% macro describe(relation) -%}
    {%- if config.persist_relation_docs() and relation.schema != 'intermediate' -%}
        {%- call statement('descriptions') -%}
            comment on {{ relation.type }} {{ relation }}
            is {{ duckdb_escape_comment(model.description) }};
            {% for column in model.columns.values() %}
            comment on column {{ relation }}.{{ column.name }}
            is {{ duckdb_escape_comment(column.description) }};
            {% endfor %}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}
