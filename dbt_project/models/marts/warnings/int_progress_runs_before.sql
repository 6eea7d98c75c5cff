{#- Runs as they stood before the periods that are judged now. Each part reads
    the table itself: of an expression that is used twice the engine makes a copy
    first, here of every run there ever was; and of "not materialized" a view that
    is read from its file knows nothing. -#}

with

seams as (
    select * from {{ ref('int_warnings_seams') }}
),

-- Nothing can be added to a run that is over.
open_runs as (
    select
        runs.*,
        false as is_rewound
    from {{ source('ops', 'warned_run') }} as runs
    inner join seams on runs.target_key = seams.target_key
    where
        not seams.is_rewound
        and runs.is_latest
        and runs.resolved_at is null
),

-- What is judged again may have been the only period of the latest run: then
-- the one before is told again.
earlier_runs as (
    select
        runs.*,
        true as is_rewound
    from {{ source('ops', 'warned_run') }} as runs
    inner join seams on runs.target_key = seams.target_key
    where
        seams.is_rewound
        and runs.last_end < seams.seam
    qualify
        row_number() over (
            partition by runs.rule_id, runs.target_key, runs.source_kind
            order by runs.last_end desc nulls last
        ) = 1
),

final as (
    select * from open_runs
    union all
    select * from earlier_runs
)

select * from final
