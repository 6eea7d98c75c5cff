with

gaps as (
    select * from {{ ref('int_progress_gaps') }}
),

final as (
    select
        *,
        case
            when not_rated_reason is not null then 'not_rated'
            when is_met then 'achieved'
            when gap_pct < 0 then 'green'
            when gap_pct = 0 and not equality_fails then 'green'
            when gap_pct <= yellow_limit_pct then 'yellow'
            else 'red'
        end as status_raw
    from gaps
)

select * from final
