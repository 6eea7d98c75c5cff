{{ config(alias='indicator_progress') }}

with

indicator_progress_v1 as (
    select * from {{ ref('indicator_progress_v1') }}
)

select * from indicator_progress_v1
