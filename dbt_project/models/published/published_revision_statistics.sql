{{ config(alias='revision_statistics') }}

with

revision_statistics_v1 as (
    select * from {{ ref('revision_statistics_v1') }}
)

select * from revision_statistics_v1
