{#- Whether what a unit is asked may have changed in any year. -#}
{% macro burden_has_changed() -%}
    {{ return(
        have_changed(['forms', 'units', 'form_items', 'plans'])
        or has_unread_slices('stg_units')
    ) }}
{%- endmacro %}

{#- Years in which a period has ended since the model was written; all years
    where it is written anew. -#}
{% macro burdened_years() -%}
    select year(ended.period_start)
    from {{ ref('int_periods') }} as ended
    {% if is_incremental() and not burden_has_changed() -%}
        where
            {{ end_of_day('ended.period_end') }}
            > {{ watermark('as_of', this.name) }}
    {%- endif %}
{%- endmacro %}

{% macro forget_burdened_years() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        {% if not burden_has_changed() -%}
            where report_year in ({{ burdened_years() }})
        {%- endif %}
    {%- endif -%}
{%- endmacro %}
