with

touched as (
    select * from {{ ref('int_warnings_touched_targets') }}
),

-- What is not rated says nothing, neither for nor against.
final as (
    select
        touched.subject_key,
        progress.target_key,
        progress.plan_version,
        progress.definition_version,
        progress.source_kind,
        progress.period,
        {{ period_end('progress.period') }} as period_end,
        progress.binding,
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
    inner join touched on progress.target_key = touched.target_key
    where progress.status_raw <> 'not_rated'
)

select * from final
