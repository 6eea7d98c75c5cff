{#- Of a run that one period is added to, int_progress_runs_continued tells. -#}

with

-- Judged again, or with several new periods.
series as (
    select distinct
        target_key,
        source_kind
    from {{ ref('int_warned_progress') }}
    where not comes_next
),

seams as (
    select
        series.*,
        seams.seam
    from series
    inner join {{ ref('int_warnings_seams') }} as seams
        on series.target_key = seams.target_key
),

-- Nothing can be added to a run that is over.
final as (
    select runs.*
    from {{ source('ops', 'warning_run') }} as runs
    inner join seams
        on
            runs.target_key = seams.target_key
            and runs.source_kind = seams.source_kind
    where
        runs.resolved_at is null
        and {{ stood_at_seam('runs') }}
        and runs.last_end < {{ latest('bound.seam', 'seams') }}
)

select * from final
