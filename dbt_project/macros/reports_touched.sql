{#- Pre-hook of what counts reports: what is counted again is first forgotten;
    a touched row without a form stands for all. -#}
{% macro forget_touched_reports() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} as told
        using {{ ref('int_reports_touched') }} as touched
        where
            touched.form_code is null
            or (
                told.form_code = touched.form_code
                and told.period = touched.period
            )
    {%- endif -%}
{%- endmacro %}

{#- Whether a form or a unit has a row that fct_obligation has not read. -#}
{% macro duties_have_changed() -%}
    {{ return(has_unread('registry_forms') or has_unread('registry_units')) }}
{%- endmacro %}

{% macro forget_duties_that_changed() -%}
    {%- if execute and is_incremental() and duties_have_changed() -%}
        delete from {{ this }}
    {%- endif -%}
{%- endmacro %}
