{{ config(alias='plan_scorecard') }}

with

plan_scorecard_v1 as (
    select * from {{ ref('plan_scorecard_v1') }}
)

select * from plan_scorecard_v1
