{{ config(alias='indicator_trend') }}

with

indicator_trend_v1 as (
    select * from {{ ref('indicator_trend_v1') }}
)

select * from indicator_trend_v1
