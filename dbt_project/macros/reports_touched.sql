{#- Pre-hook of what counts reports: what is counted again is first forgotten;
    a touched row without a form stands for all. -#}
{% macro forget_touched_reports(keys) -%}
    {%- if execute and is_incremental() -%}
        {%- set same = [] -%}
        {%- for key in keys -%}
            {%- do same.append('told.' ~ key ~ ' = touched.' ~ key) -%}
        {%- endfor -%}
        delete from {{ this }}
        where exists (
            select 1 from {{ ref('int_reports_touched') }}
            where form_code is null
        );
        delete from {{ this }} as told
        using (
            select distinct {{ keys | join(', ') }}
            from {{ ref('int_reports_touched') }}
        ) as touched
        where
            {{ same | join(' and ') }}
            and told.period >= {{ earliest_period(ref('int_reports_touched')) }}
    {%- endif -%}
{%- endmacro %}
