with

final as (
    select subject_key from {{ ref('int_warnings_touched_targets') }}
    union
    select subject_key from {{ ref('int_warnings_touched_duties') }}
)

select * from final
