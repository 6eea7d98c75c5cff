{{ config(alias='rule_quality') }}

with

rule_quality_v1 as (
    select * from {{ ref('rule_quality_v1') }}
)

select * from rule_quality_v1
