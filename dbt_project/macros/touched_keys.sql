{#- Pre-hook: what is computed again as a whole is first forgotten, so that a
    key which no longer has rows leaves none behind. -#}
{% macro forget_keys(touched, key) -%}
    {%- if execute and is_incremental() -%}
        delete from {{ this }}
        where {{ key }} in (select {{ key }} from {{ ref(touched) }})
    {%- endif -%}
{%- endmacro %}
