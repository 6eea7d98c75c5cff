with

urban_rural_ratio as (
    select * from {{ ref('urban_rural_ratio') }}
),

final as (
    select
        indicator_code,
        definition_version,
        region_code,
        period,
        source_kind,
        ratio_key,
        urban_value,
        rural_value,
        ratio,
        difference
    from urban_rural_ratio
)

select * from final
