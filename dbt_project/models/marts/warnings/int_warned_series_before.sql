with

seams as (
    select * from {{ ref('int_warnings_seams') }}
),

final as (
    select series.*
    from {{ source('ops', 'warning_series') }} as series
    inner join seams on series.target_key = seams.target_key
    where {{ stood_at_seam('series') }}
)

select * from final
