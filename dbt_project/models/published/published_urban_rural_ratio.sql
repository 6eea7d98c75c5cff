{{ config(alias='urban_rural_ratio') }}

with

urban_rural_ratio_v1 as (
    select * from {{ ref('urban_rural_ratio_v1') }}
)

select * from urban_rural_ratio_v1
