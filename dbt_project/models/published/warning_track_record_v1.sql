with

warning_track_record as (
    select * from {{ ref('warning_track_record') }}
),

final as (
    select
        rule_id,
        rule_version,
        cases,
        warnings,
        hits,
        misses,
        false_alarms,
        correct_silences,
        precision,
        recall,
        median_lead_days,
        type_1_error,
        type_2_error,
        noise_to_signal,
        is_enough
    from warning_track_record
)

select * from final
