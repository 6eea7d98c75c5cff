with

parameters as (
    select * from {{ ref('int_rule_parameters') }}
),

-- One row, also where the site declares none of these: then all is empty.
final as (
    select
        {{ rule_parameter('INEQUALITY', 'min_coverage_pct') }},
        max(case when rule_id = 'INEQUALITY' then rule_version end)
            as rule_version
    from parameters
)

select * from final
