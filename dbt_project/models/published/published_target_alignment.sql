{{ config(alias='target_alignment') }}

with

target_alignment_v1 as (
    select * from {{ ref('target_alignment_v1') }}
)

select * from target_alignment_v1
