with

-- Empty after a run with --empty, like the steps beside it: then
-- indicator_progress has read nothing, whatever the clock says.
final as (
    select
        as_of,
        load_seq
    from {{ ref('stg_clock') }}
)

select * from final
