{#- md5 over business keys; a missing part counts as empty text. -#}
{% macro hash_key(parts) -%}
    md5(concat_ws(
        '|',
        {%- for part in parts %}
        coalesce({{ part }}, ''){{ ',' if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}

{% macro target_key() -%}
    {{ hash_key([
        'plan_code', 'plan_version', 'indicator_code', 'definition_version',
        'region_code', 'unit_code', 'breakdown',
    ]) }}
{%- endmacro %}
