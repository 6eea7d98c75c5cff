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
