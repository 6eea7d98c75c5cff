{{ config(alias='reporting_discipline') }}

with

reporting_discipline_v1 as (
    select * from {{ ref('reporting_discipline_v1') }}
)

select * from reporting_discipline_v1
