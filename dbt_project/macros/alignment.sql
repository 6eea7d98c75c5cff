{#- Registries that may ask for figures that nobody has asked for before. -#}
{% macro registries_of_bases() -%}
    {{ return(['plans', 'rules', 'indicators']) }}
{%- endmacro %}

{#- A condition: every figure where something new may be asked for. -#}
{% macro is_unread_base() -%}
    {%- if is_incremental() and not have_changed(registries_of_bases()) -%}
        {{ is_unread_figure(this.name) }}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{#- Order of figures as a base: before the start of the plan rather than after;
    then the nearer year, of which the whole goes before its parts, and of these
    the nearer. -#}
{% macro base_place(period, plan_start) -%}
    (
        case
            when {{ period_end(period) }} < {{ plan_start }}
                then 1000 * (year({{ plan_start }} - 1) - year({{ period_end(period) }}))
            else
                1000000
                + 1000 * (year({{ period_end(period) }}) - year({{ plan_start }}))
        end
        + 12 * (12 - {{ period_months(period) }})
        + abs(
            {{ month_index(period_end(period)) }} - {{ month_index(plan_start) }}
        ) % 12
    )
{%- endmacro %}
