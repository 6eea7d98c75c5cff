with

batches as (
    select
        load_seq,
        received_at
    from {{ source('raw', 'batch') }}
    where status = 'loaded'
),

-- No batch, no clock: a run with --empty must not pass for having read.
final as (
    select
        {% if var('as_of') -%}
            cast('{{ var("as_of") }}' as timestamp) as as_of,
        {%- else -%}
            max(received_at) as as_of,
        {%- endif %}
        {% if var('load_seq') is not none -%}
            cast({{ var('load_seq') }} as bigint) as load_seq
        {%- else -%}
            max(load_seq) as load_seq
        {%- endif %}
    from batches
    having count(*) > 0
)

select * from final
