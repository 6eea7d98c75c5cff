{{ config(alias='revision_triangle') }}

with

revision_triangle_v1 as (
    select * from {{ ref('revision_triangle_v1') }}
)

select * from revision_triangle_v1
