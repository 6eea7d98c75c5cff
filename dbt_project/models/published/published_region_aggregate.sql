{{ config(alias='region_aggregate') }}

with

region_aggregate_v1 as (
    select * from {{ ref('region_aggregate_v1') }}
)

select * from region_aggregate_v1
