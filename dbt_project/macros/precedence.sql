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

{#- Place of a kind of source in the order that the site declares, the first one
    first; empty for a kind that the order leaves out. -#}
{% macro kind_place(source_kind) -%}
    nullif(
        position(
            {{ source_kind }} in coalesce(
                (
                    select max(parameters.value)
                    from {{ ref('int_rule_parameters') }} as parameters
                    where
                        parameters.rule_id = 'VALUE_PRECEDENCE'
                        and parameters.parameter = 'order'
                ),
                'verified official self_reported'
            )
        ),
        0
    )
{%- endmacro %}
