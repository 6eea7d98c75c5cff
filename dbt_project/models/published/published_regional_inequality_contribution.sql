{{ config(alias='regional_inequality_contribution') }}

with

regional_inequality_contribution_v1 as (
    select * from {{ ref('regional_inequality_contribution_v1') }}
)

select * from regional_inequality_contribution_v1
