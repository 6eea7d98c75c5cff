{% set reader = 'early_warning' %}
{{ config(
    materialized='table',
    pre_hook="{{ reset_watermark_of('early_warning') }}",
) }}

with

warnings as (
    select
        warning_id,
        load_seq,
        as_of
    from {{ ref('int_warnings') }}
),

-- Read since, or in force since: either may move the tree.
changed_units as (
    select unit_code
    from {{ ref('stg_units') }}
    where
        {{ is_unread(reader) }}
        or (
            valid_from > {{ watermark('as_of', reader) }}
            and valid_from <= (
                select clock.as_of from {{ ref('stg_clock') }} as clock
            )
        )
),

final as (
    select warning_id
    from warnings
    where
        load_seq > {{ watermark('load_seq', reader) }}
        or as_of > {{ watermark('as_of', reader) }}
        or exists (select 1 from changed_units)
    union
    select warning_id
    from {{ ref('stg_acknowledgements') }}
)

select * from final
