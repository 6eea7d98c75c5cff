{# Which indicators make up debt, resources, revenue and the rest: data of the
   site, one indicator may serve in several parts. #}
with

parameters as (
    select
        parameter as indicator_code,
        concat(' ', value, ' ') as parts
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'FISCAL_ITEM'
),

part_names as (
    {% for name in [
        'explicit_debt', 'hidden_debt', 'resources', 'revenue',
        'expenditure', 'population',
    ] -%}
        select '{{ name }}' as part
        {% if not loop.last -%} union all {%- endif %}
    {% endfor %}
),

final as (
    select
        parameters.indicator_code,
        part_names.part,
        count(*) over (partition by part_names.part) as n_items
    from parameters
    inner join part_names
        on parameters.parts like concat('% ', part_names.part, ' %')
)

select * from final
