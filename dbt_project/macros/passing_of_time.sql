{#- Moments that the clock has reached since a model, or one of several, last
    read: what begins or ends by its own date changes it although no row arrives. -#}
{% macro has_passed(moment, model_names) -%}
    (
        {{ moment }} > {{ watermark('as_of', model_names) }}
        and {{ moment }} <= (
            select clock.as_of from {{ ref('stg_clock') }} as clock
        )
    )
{%- endmacro %}

{#- A row of a registry in slices of time that a model has not read, or whose
    slice has begun or ended since. -#}
{% macro is_unread_slice(model_names) -%}
    (
        {{ is_unread(model_names) }}
        or {{ has_passed('valid_from', model_names) }}
        or {{ has_passed('(valid_to + 1)', model_names) }}
    )
{%- endmacro %}

{#- The same for raw, where dates are text: a further condition. -#}
{% macro has_begun_or_ended(model_name) -%}
    {%- for moment in [
        'try_cast(valid_from as date)', '(try_cast(valid_to as date) + 1)',
    ] %} or {{ has_passed(moment, model_name) }}
    {%- endfor -%}
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

{#- Slices of one code that follow each other without a day between, or overlap,
    as one stretch; keys are the columns that must stay the same. -#}
{% macro joined_slices(relation, keys) -%}
    select
        {{ keys | join(', ') }},
        case when bool_and(valid_from is not null) then min(valid_from) end
            as valid_from,
        case when bool_and(valid_to is not null) then max(valid_to) end
            as valid_to
    from (
        select
            *,
            sum(case when is_after_a_gap then 1 else 0 end) over (
                partition by {{ keys | join(', ') }}
                order by valid_from asc nulls first, valid_to asc nulls last
                rows between unbounded preceding and current row
            ) as stretch
        from (
            select
                {{ keys | join(', ') }},
                valid_from,
                valid_to,
                coalesce(
                    valid_from - 1 > max(
                        coalesce(valid_to, cast('9999-12-31' as date))
                    ) over (
                        partition by {{ keys | join(', ') }}
                        order by
                            valid_from asc nulls first, valid_to asc nulls last
                        rows between unbounded preceding and 1 preceding
                    ),
                    false
                ) as is_after_a_gap
            from {{ relation }}
        ) as slices
    ) as parted
    group by {{ keys | join(', ') }}, stretch
{%- endmacro %}
