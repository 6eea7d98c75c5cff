with

-- The strictest mark of any figure in force decides for the whole series.
final as (
    select
        indicator_code,
        region_code,
        unit_code,
        max(conf_status) as conf_status
    from {{ ref('fct_observation') }}
    where is_current and conf_status <> 'F'
    group by indicator_code, region_code, unit_code
)

select * from final
