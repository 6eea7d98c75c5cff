{{ config(alias='regional_inequality') }}

with

regional_inequality_v1 as (
    select * from {{ ref('regional_inequality_v1') }}
)

select * from regional_inequality_v1
