with

parameters as (
    select * from {{ ref('int_rule_parameters') }}
),

-- One row, also where the site declares none of these: then all is empty.
final as (
    select
        {{ rule_parameter('ANTICIPATED_PROGRESS', 'weight_power') }},
        {{ rule_parameter('ANTICIPATED_PROGRESS', 'maintain_to_pct') }},
        {{ rule_parameter('ANTICIPATED_PROGRESS', 'accelerate_to_pct') }},
        {{ rule_parameter('SPEARMAN_TREND', 'significance') }},
        max(case
            when rule_id = 'ANTICIPATED_PROGRESS' then source_status
        end) as anticipated_source_status
    from parameters
)

select * from final
