{{ config(alias='regional_inequality_change') }}

with

regional_inequality_change_v1 as (
    select * from {{ ref('regional_inequality_change_v1') }}
)

select * from regional_inequality_change_v1
