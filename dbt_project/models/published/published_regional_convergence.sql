{{ config(alias='regional_convergence') }}

with

regional_convergence_v1 as (
    select * from {{ ref('regional_convergence_v1') }}
)

select * from regional_convergence_v1
