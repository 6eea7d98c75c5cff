with

parameters as (
    select * from {{ ref('int_rule_parameters') }}
),

-- One row, also where the site declares none of these: then all is empty.
final as (
    select
        {{ rule_parameter('FISCAL_RISK', 'yellow_from_pct') }},
        {{ rule_parameter('FISCAL_RISK', 'orange_from_pct') }},
        {{ rule_parameter('FISCAL_RISK', 'red_from_pct') }},
        max(case when rule_id = 'FISCAL_RISK' then rule_version end)
            as rule_version
    from parameters
)

select * from final
