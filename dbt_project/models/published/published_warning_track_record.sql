{{ config(alias='warning_track_record') }}

with

warning_track_record_v1 as (
    select * from {{ ref('warning_track_record_v1') }}
)

select * from warning_track_record_v1
