-- depends_on: {{ ref('stg_clock') }}
with

source as (
    select * from {{ source('raw', 'fetch_outcome') }}
),

final as (
    select
        run_id,
        source_code,
        shard,
        nullif(unit_code, '') as unit_code,
        url,
        attempt,
        result,
        nullif(status, 0) as http_status,
        nullif(error_class, '') as error_class,
        nullif(message, '') as message,
        size_bytes,
        seconds,
        nullif(sha256, '') as file_sha256,
        {{ utc_timestamp('attempted_at') }} as attempted_at
    from source
    {% if target.name == 'as_of' -%}
        where
            {{ utc_timestamp('attempted_at') }}
            <= (select clock.as_of from {{ ref('stg_clock') }} as clock)
    {%- endif %}
)

select * from final
