with

seams as (
    select * from {{ ref('int_warnings_seams') }}
),

-- The bound of all of them first: it spares reading the history. What is not
-- rated says nothing, neither for nor against.
final as (
    select
        seams.subject_key,
        progress.target_key,
        progress.plan_version,
        progress.definition_version,
        progress.source_kind,
        progress.period,
        progress.period_end,
        progress.progress_share,
        progress.elapsed_share,
        progress.status_raw,
        -- Held, so that a status that swings is not told at every swing.
        case
            when progress.status_held <> 'not_rated'
                then progress.status_held
            else progress.status_raw
        end as status_held,
        progress.p_miss,
        progress.gap_pct,
        progress.known_from
    from {{ ref('indicator_progress') }} as progress
    inner join seams on progress.target_key = seams.target_key
    where
        progress.status_raw <> 'not_rated'
        and progress.period_end >= seams.seam
        and progress.period_end
        >= {{ earliest('bound.seam', ref('int_warnings_seams')) }}
)

select * from final
