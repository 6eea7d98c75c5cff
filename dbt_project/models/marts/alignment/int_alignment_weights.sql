with

indicators as (
    select * from {{ ref('dim_indicator') }}
),

-- Which figures weigh a fall of intensity: 'quantity output growth'.
intensities as (
    select
        parameter as weighed_code,
        split_part(value, ' ', 1) as quantity_code,
        split_part(value, ' ', 2) as output_code
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'TARGET_INTENSITY'
),

final as (
    select
        weighed_code,
        quantity_code as indicator_code
    from intensities
    union
    select
        weighed_code,
        output_code as indicator_code
    from intensities
    union
    select
        indicator_code as weighed_code,
        weight_indicator_code as indicator_code
    from indicators
    where weight_indicator_code is not null
)

select * from final
