{#- Pre-hook: what is computed again as a whole is first forgotten, so that a
    key which no longer has rows leaves none behind. -#}
{% macro forget_keys(touched, key) -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where {{ key }} in (select {{ key }} from {{ ref(touched) }})
    {%- endif -%}
{%- endmacro %}

{#- Pre-hook: what a rule named before it was withdrawn or told anew is touched
    by nothing. All that it names now is computed again then: all is forgotten. -#}
{% macro forget_what_rules_named(rule_id) -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where exists (
            select 1 from {{ ref('stg_rules') }}
            where
                rule_id = '{{ rule_id }}'
                and {{ is_unread_slice(this.name) }}
        )
    {%- endif -%}
{%- endmacro %}

{#- Pre-hook: points of which a vintage has not been read, as they stand here. A
    key alone would be looked for in all row groups; the period says in which. -#}
{% macro forget_unread_points() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} as told
        using (
            select distinct
                observation_key,
                period
            from {{ ref('fct_observation') }}
            where {{ is_unread_figure(this.name) }}
        ) as unread
        where
            told.observation_key = unread.observation_key
            and told.period = unread.period
    {%- endif -%}
{%- endmacro %}

{#- The first of the times (an expression of `bound`) that a wave touches, among the
    rows that meet a condition: no row before it need be read. Where it touches none,
    a time after all of them: with a null the engine reads all of history to find
    nothing. -#}
{% macro earliest(time, relation, condition='true') -%}
    (
        select coalesce(min({{ time }}), cast('9999-12-31' as date))
        from {{ relation }} as bound
        where {{ condition }}
    )
{%- endmacro %}

{#- The same for what has only the names of its periods: no touched one sorts
    before it. -#}
{% macro earliest_period(relation) -%}
    (
        select coalesce(min(bound.period), '9999')
        from {{ relation }} as bound
    )
{%- endmacro %}

{#- The last of the times: no row after it need be read. Where a wave touches none,
    a time before all of them. -#}
{% macro latest(time, relation, condition='true') -%}
    (
        select coalesce(max({{ time }}), cast('0001-01-01' as date))
        from {{ relation }} as bound
        where {{ condition }}
    )
{%- endmacro %}
