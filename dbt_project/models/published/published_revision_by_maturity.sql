{{ config(alias='revision_by_maturity') }}

with

revision_by_maturity_v1 as (
    select * from {{ ref('revision_by_maturity_v1') }}
)

select * from revision_by_maturity_v1
