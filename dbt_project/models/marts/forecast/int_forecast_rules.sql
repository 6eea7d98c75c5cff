with

parameters as (
    select * from {{ ref('int_rule_parameters') }}
),

-- One row, also where the site declares none of these: then all is empty.
final as (
    select
        {{ rule_parameter('FORECAST', 'min_points') }},
        {{ rule_parameter('FORECAST', 'min_points_p_miss') }},
        {{ rule_parameter('FORECAST', 'min_points_trend') }},
        {{ rule_parameter('FORECAST', 'alpha') }},
        {{ rule_parameter('FORECAST', 'beta') }},
        {{ rule_parameter('FORECAST', 'phi') }},
        {{ rule_parameter('FORECAST', 'bound_margin_pct') }}
    from parameters
)

select * from final
