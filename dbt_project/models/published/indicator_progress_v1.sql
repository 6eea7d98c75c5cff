with

indicator_progress as (
    select * from {{ ref('indicator_progress') }}
),

final as (
    select
        plan_code,
        plan_version,
        indicator_code,
        definition_version,
        region_code,
        unit_code,
        breakdown,
        source_kind,
        period,
        period_end,
        frequency,
        target_key,
        target_type,
        binding,
        strictness,
        baseline_value,
        target_value,
        value,
        value_to_date,
        progress_share,
        elapsed_share,
        pace,
        path_value,
        gap_pct,
        status_raw,
        status_held,
        improving_run,
        on_schedule_run,
        path_pace,
        required_rate,
        eurostat_ratio,
        eurostat_class,
        csi,
        distance_to_target,
        forecast_value,
        forecast_se,
        forecast_low80,
        forecast_high80,
        p_miss,
        forecast_method,
        n_points,
        theil_sen_slope,
        official_label,
        not_rated_reason,
        rule_version,
        observation_key,
        known_from
    from indicator_progress
)

select * from final
