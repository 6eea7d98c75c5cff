{#- The first kind of a list written in order that has a value. -#}
{% macro chosen_kind(order, kinds) -%}
    case least(
        {%- for kind in kinds %}
        case
            when
                {{ kind }} is not null
                and position('{{ kind }}' in {{ order }}) > 0
                then position('{{ kind }}' in {{ order }})
        end{{ ',' if not loop.last }}
        {%- endfor %}
    )
        {%- for kind in kinds %}
        when nullif(position('{{ kind }}' in {{ order }}), 0)
            then '{{ kind }}'
        {%- endfor %}
    end
{%- endmacro %}
