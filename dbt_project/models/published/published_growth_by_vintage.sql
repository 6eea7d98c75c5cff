{{ config(alias='growth_by_vintage') }}

with

growth_by_vintage_v1 as (
    select * from {{ ref('growth_by_vintage_v1') }}
)

select * from growth_by_vintage_v1
