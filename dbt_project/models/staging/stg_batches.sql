with

clock as (
    select * from {{ ref('stg_clock') }}
),

source as (
    select * from {{ source('raw', 'batch') }}
),

{% if target.name == 'as_of' -%}
    -- A source may date what it knew before the day on which we fetched it.
    told_earlier as (
        select distinct batch_id from {{ source('raw', 'observation') }}
        where {{ is_visible() }}
        union
        select distinct submissions.batch_id
        from {{ source('raw', 'submission') }} as submissions
        inner join clock on submissions.received_at <= clock.as_of
    ),

{% endif -%}
final as (
    select
        source.batch_id,
        source.source_code,
        source.kind,
        source.source_kind,
        source.registry,
        source.simulated,
        source.received_at,
        source.sha256,
        source.status,
        source.rows_received,
        source.rows_accepted,
        source.rows_rejected,
        source.rule_set_version,
        source.load_seq
    from source
    inner join clock
        on
            source.load_seq <= clock.load_seq
            and (
                source.received_at <= clock.as_of
                {%- if target.name == 'as_of' %}
                    or source.batch_id in (
                        select told_earlier.batch_id from told_earlier
                    )
                {%- endif %}
            )
)

select * from final
