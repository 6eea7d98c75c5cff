{#- Pre-hook: the score of a plan is counted anew as a whole. -#}
{% macro forget_touched_plans() -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }} as told
        using (
            select distinct
                plan_code,
                plan_version,
                region_code
            from {{ ref('int_judged_touched') }}
        ) as touched
        where {{ same(
            ['plan_code', 'plan_version', 'region_code'], 'told', 'touched'
        ) }}
    {%- endif -%}
{%- endmacro %}
