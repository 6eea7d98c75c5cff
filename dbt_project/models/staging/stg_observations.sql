with

source as (
    select *
    from {{ source('raw', 'observation') }}
    where {{ is_visible() }}
),

final as (
    select
        {{ hash_key([
            'source_kind', 'source_code', 'unit_code', 'region_code',
            'indicator_code', 'definition_version', 'period', 'breakdown',
        ]) }} as observation_key,
        source_kind,
        source_code,
        unit_code,
        region_code,
        indicator_code,
        definition_version,
        period,
        breakdown,
        value,
        unit_measure,
        obs_status,
        conf_status,
        published_at,
        known_from,
        batch_id,
        file_sha256,
        submission_id,
        form_code,
        row_number,
        row_key,
        comment,
        load_seq
    from source
)

select * from final
