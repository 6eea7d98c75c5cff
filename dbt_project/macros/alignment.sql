{#- Registries that may ask for figures that nobody has asked for before. -#}
{% macro registries_of_bases() -%}
    {{ return(['plans', 'rules', 'indicators']) }}
{%- endmacro %}

{#- A condition: every figure where something new may be asked for. -#}
{% macro is_unread_base() -%}
    {%- if is_incremental() and not have_changed(registries_of_bases()) -%}
        {{ is_unread(this.name) }}
    {%- else -%}
        true
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
