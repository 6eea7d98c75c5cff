{#-
  What a build may know: rows known by its clock and loaded by its load_seq.
  The bounds are read from stg_clock, never written into each view, so that
  running a part of the project cannot mix two clocks.
-#}
{% macro is_visible() -%}
    known_from <= (select clock.as_of from {{ ref('stg_clock') }} as clock)
    and load_seq <= (select clock.load_seq from {{ ref('stg_clock') }} as clock)
{%- endmacro %}

{#- A replay asks what today's rules and names would have said in the past:
    of the registries that PLANWATCH_FOREKNOWN names, the first vintage of each
    key counts as known from the beginning. Later ones keep their date. -#}
{% macro registry_rows(registry, key) -%}
    {%- if registry in env_var('PLANWATCH_FOREKNOWN', '').split() -%}
        (
            select
                * replace (
                    case
                        when
                            known_from
                            = min(known_from) over (partition by {{ key }})
                            then cast('0001-01-02' as timestamp)
                        else known_from
                    end as known_from
                )
            from {{ source('raw', 'registry_' ~ registry) }}
        ) as registry_rows
    {%- else -%}
        {{ source('raw', 'registry_' ~ registry) }}
    {%- endif -%}
{%- endmacro %}

{#- Rows of one registry; of two rows of a key known at one instant the later
    loaded one counts. -#}
{% macro visible_vintages(registry, key) -%}
    select *
    from {{ registry_rows(registry, key) }}
    where
        {{ is_visible() }}
    qualify
        row_number() over (
            partition by {{ key }}, known_from
            order by
                load_seq desc nulls last,
                batch_id desc nulls last,
                row_number desc nulls last
        ) = 1
{%- endmacro %}

{% macro vintage_columns(key) -%}
    source_code,
    batch_id,
    row_number,
    is_deleted,
    known_from,
    lead(known_from) over (
        partition by {{ key }} order by known_from asc nulls last
    ) as known_to,
    not is_deleted
    and lead(known_from) over (
        partition by {{ key }} order by known_from asc nulls last
    ) is null as is_current,
    load_seq
{%- endmacro %}

{#- Of several validity slices of a code, the newest that has begun at the
    clock; where none has, the one that begins first. -#}
{% macro slice_in_force(code) -%}
    row_number() over (
        partition by {{ code }}
        order by
            valid_from is null or valid_from <= clock.as_of desc nulls last,
            case when valid_from <= clock.as_of then valid_from end
            desc nulls last,
            valid_from asc nulls first
    ) = 1
{%- endmacro %}
