{#- A table: early_warning is a view, and the model of an earlier day stands in
    a file without raw. -#}
{{ config(materialized='table', tags='registries') }}

with

parameters as (
    select * from {{ ref('int_rule_parameters') }}
),

final as (
    select
        rule_id,
        rule_version,
        {% for name in [
            'yellow_limit_pct', 'escalate_every', 'yellow_after',
            'orange_after', 'red_after', 'yellow_at', 'orange_at', 'red_at',
            'window', 'late_share_pct',
        ] -%}
            max(
                case
                    when parameter = '{{ name }}' then cast(value as double)
                end
            ) as {{ name | replace('window', 'window_periods') }},
        {% endfor -%}
        {{ json_list([
            'parameter', 'value', 'source', 'source_status',
        ]) }} as parameters_json
    from parameters
    group by rule_id, rule_version
)

select * from final
