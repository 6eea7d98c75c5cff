{#- Moments that the clock has reached since a model last read: what begins or
    ends by its own date changes a model although no row arrives. -#}
{% macro has_passed(moment, model_name) -%}
    (
        {{ moment }} > {{ watermark('as_of', model_name) }}
        and {{ moment }} <= (
            select clock.as_of from {{ ref('stg_clock') }} as clock
        )
    )
{%- endmacro %}

{#- A row of a registry in slices of time that a model has not read, or whose
    slice has begun or ended since. -#}
{% macro is_unread_slice(model_name) -%}
    (
        {{ is_unread(model_name) }}
        or {{ has_passed('valid_from', model_name) }}
        or {{ has_passed('(valid_to + 1)', model_name) }}
    )
{%- endmacro %}

{#- Asked while a model is written, as has_unread is: of a view of slices. -#}
{% macro has_unread_slices(view) -%}
    {%- if execute -%}
        {%- set found = run_query(
            "select count(*) from " ~ ref(view)
            ~ " where " ~ is_unread_slice(this.name)
        ) -%}
        {{ return(found.columns[0].values()[0] > 0) }}
    {%- endif -%}
    {{ return(true) }}
{%- endmacro %}
