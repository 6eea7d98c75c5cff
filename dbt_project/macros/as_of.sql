{#-
  Table macros for readers: what was known at a moment, for SQL at will.
  They are made beside the model that they read, and again in each release;
  names carry no database, so that they hold wherever the file is opened.
-#}

{#- Post-hook. Parameters after the first have the default null. -#}
{% macro table_macro(name, parameters, query) -%}
    {%- if execute and target.type == 'duckdb' -%}
        create or replace macro {{ this.schema }}.{{ name }}({{ parameters }})
        as table {{ query }}
    {%- endif -%}
{%- endmacro %}

{% macro known_at_moment() -%}
    known_from <= cast(moment as timestamp)
    and (known_to is null or known_to > cast(moment as timestamp))
{%- endmacro %}

{#- Of several slices of a code the last that has begun is in force. -#}
{% macro last_begun(code) -%}
    qualify
        row_number() over (
            partition by {{ code }}
            order by valid_from desc nulls last
        ) = 1
{%- endmacro %}

{% macro valid_on_day() -%}
    coalesce(
        valid_from <= coalesce(cast(day as date), cast(moment as date)), true
    )
    and coalesce(
        valid_to >= coalesce(cast(day as date), cast(moment as date)), true
    )
{%- endmacro %}

{% macro observation_as_of() -%}
    select * exclude (known_to, is_current) from core.fct_observation
    where {{ known_at_moment() }}
{%- endmacro %}

{% macro target_as_of() -%}
    select * exclude (known_to, is_current) from core.fct_target
    where {{ known_at_moment() }}
{%- endmacro %}

{% macro region_as_of() -%}
    select * exclude (known_to, is_current) from core.dim_region_vintage
    where {{ known_at_moment() }} and {{ valid_on_day() }}
    {{ last_begun('region_code') }}
{%- endmacro %}

{% macro unit_as_of() -%}
    select * exclude (known_to, is_current) from core.dim_unit_vintage
    where {{ known_at_moment() }} and {{ valid_on_day() }}
    {{ last_begun('unit_code') }}
{%- endmacro %}
