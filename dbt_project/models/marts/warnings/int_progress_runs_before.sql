{#- Runs as they stood before the periods that are judged now. Each part reads
    the table itself: of an expression that is used twice the engine makes a copy
    first, here of every run there ever was; and of "not materialized" a view that
    is read from its file knows nothing. Of a run that one period is added to,
    int_progress_runs_continued tells. -#}

with

seams as (
    select * from {{ ref('int_warnings_seams') }}
),

-- Series of which several periods are new, after all that were judged.
of_several as (
    select distinct
        target_key,
        source_kind
    from {{ ref('int_warned_progress') }}
    where not is_rewound and not comes_next
),

-- Nothing can be added to a run that is over.
open_runs as (
    select
        runs.*,
        false as is_rewound
    from {{ source('ops', 'warning_run') }} as runs
    inner join of_several
        on
            runs.target_key = of_several.target_key
            and runs.source_kind = of_several.source_kind
    where runs.is_latest and runs.resolved_at is null
),

-- What is judged again may have been the only period of the latest run: then
-- the one before is told again.
earlier_runs as (
    select
        runs.*,
        true as is_rewound
    from {{ source('ops', 'warning_run') }} as runs
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
