{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
) }}

with

outcomes as (
    select * from {{ ref('stg_fetch_outcomes') }}
),

-- An attempt never changes, so what stands here already is left alone.
final as (
    select outcomes.*
    from outcomes
    {% if is_incremental() %}
        anti join {{ this }} as standing
            on
                outcomes.run_id = standing.run_id
                and outcomes.source_code = standing.source_code
                and outcomes.shard = standing.shard
                and outcomes.url = standing.url
                and outcomes.attempt = standing.attempt
                and outcomes.attempted_at = standing.attempted_at
    {% endif %}
)

select * from final
