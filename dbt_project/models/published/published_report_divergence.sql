{{ config(alias='report_divergence') }}

with

report_divergence_v1 as (
    select * from {{ ref('report_divergence_v1') }}
)

select * from report_divergence_v1
