{{ config(alias='early_warning') }}

with

early_warning_v1 as (
    select * from {{ ref('early_warning_v1') }}
)

select * from early_warning_v1
