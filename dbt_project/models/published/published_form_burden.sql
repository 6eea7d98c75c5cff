{{ config(alias='form_burden') }}

with

form_burden_v1 as (
    select * from {{ ref('form_burden_v1') }}
)

select * from form_burden_v1
