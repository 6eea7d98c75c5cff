with

-- What is not rated says nothing, neither for nor against.
progress as (
    select
        target_key,
        source_kind,
        period,
        {{ period_end('period') }} as period_end,
        status_raw,
        status_raw in ('yellow', 'red') as is_bad,
        gap_pct,
        known_from
    from {{ ref('indicator_progress') }}
    where status_raw <> 'not_rated'
),

numbered as (
    select
        *,
        row_number() over (
            partition by target_key, source_kind
            order by period_end asc nulls last, period asc nulls last
        ) as place,
        lead(is_bad) over (
            partition by target_key, source_kind
            order by period_end asc nulls last, period asc nulls last
        ) as next_is_bad,
        lead(known_from) over (
            partition by target_key, source_kind
            order by period_end asc nulls last, period asc nulls last
        ) as next_known_from
    from progress
),

-- Neighbours of one kind share the difference of the two numberings.
placed as (
    select
        *,
        place - row_number() over (
            partition by target_key, source_kind, is_bad
            order by place asc nulls last
        ) as run_id
    from numbered
),

final as (
    select
        target_key,
        source_kind,
        max_by(period, place) as period,
        max(next_known_from) filter (where not next_is_bad) as next_known_from,
        count(*) as n_periods,
        min_by(period, place) as first_period,
        min_by(known_from, place) as first_raised_at,
        {{ json_list(['period', 'status_raw', 'gap_pct']) }}
            as periods_json
    from placed
    where is_bad
    group by target_key, source_kind, run_id
    qualify
        row_number() over (
            partition by target_key, source_kind
            order by max(place) desc nulls last
        ) = 1
)

select * from final
