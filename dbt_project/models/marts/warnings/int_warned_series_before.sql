{#- The last status of each series before the periods that are judged now; each
    part reads the table itself, as in int_progress_runs_before. -#}

with

seams as (
    select * from {{ ref('int_warnings_seams') }}
),

standing as (
    select series.*
    from {{ source('ops', 'warned_series') }} as series
    inner join seams on series.target_key = seams.target_key
    where not seams.is_rewound and series.is_latest
),

earlier as (
    select series.*
    from {{ source('ops', 'warned_series') }} as series
    inner join seams on series.target_key = seams.target_key
    where
        seams.is_rewound
        and series.last_end < seams.seam
    qualify
        row_number() over (
            partition by series.target_key, series.source_kind
            order by series.last_end desc nulls last
        ) = 1
),

final as (
    select * from standing
    union all
    select * from earlier
)

select * from final
