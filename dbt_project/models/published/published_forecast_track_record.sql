{{ config(alias='forecast_track_record') }}

with

forecast_track_record_v1 as (
    select * from {{ ref('forecast_track_record_v1') }}
)

select * from forecast_track_record_v1
