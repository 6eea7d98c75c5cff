{#- Whether a plan, rule or indicator has a row that this model has not read:
    each may ask for figures that nobody has asked for before. -#}
{% macro bases_have_changed() -%}
    {{ return(
        has_unread('registry_plans')
        or has_unread('registry_rules')
        or has_unread('registry_indicators')
    ) }}
{%- endmacro %}

{#- A condition: every figure where something new may be asked for. -#}
{% macro is_unread_base() -%}
    {%- if is_incremental() and not bases_have_changed() -%}
        {{ is_unread(this.name) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro forget_bases_that_changed() -%}
    {%- if execute and is_incremental() and bases_have_changed() -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}

{#- Order of figures as a base: before the start of the plan rather than after,
    then the nearer one. -#}
{% macro base_place(figure_start, plan_start) -%}
    (
        case when {{ figure_start }} < {{ plan_start }} then 0 else 100000 end
        + abs({{ month_index(figure_start) }} - {{ month_index(plan_start) }})
    )
{%- endmacro %}
