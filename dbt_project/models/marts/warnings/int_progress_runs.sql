{#- A table of few columns: what is told of a run is looked up for its last
    period only. -#}
{{ config(materialized='table', database='scratch') }}

with

continued as (
    select * from {{ ref('int_progress_runs_continued') }}
),

retold as (
    select * from {{ ref('int_progress_runs_retold') }}
),

final as (
    select * from continued
    union all by name
    select * from retold
)

select * from final
