{{ config(alias='label_concordance') }}

with

label_concordance_v1 as (
    select * from {{ ref('label_concordance_v1') }}
)

select * from label_concordance_v1
