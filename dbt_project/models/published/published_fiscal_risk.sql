{{ config(alias='fiscal_risk') }}

with

fiscal_risk_v1 as (
    select * from {{ ref('fiscal_risk_v1') }}
)

select * from fiscal_risk_v1
