with

cases as (
    select * from {{ ref('int_warning_cases') }}
),

demands as (
    select
        max(case when parameter = 'min_events' then cast(value as double) end)
            as min_events
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'TRACK_RECORD'
),

-- A, B, C and D of the signals approach.
counted as (
    select
        rule_id,
        rule_version,
        count(*) as cases,
        count(*) filter (where is_warned) as warnings,
        count(*) filter (where is_warned and is_missed) as hits,
        count(*) filter (where is_warned and not is_missed) as false_alarms,
        count(*) filter (where not is_warned and is_missed) as misses,
        count(*) filter (where not is_warned and not is_missed)
            as correct_silences,
        cast(
            median(lead_days) filter (where is_warned and is_missed) as double
        ) as median_lead_days
    from cases
    group by rule_id, rule_version
),

rated as (
    select
        *,
        round(cast(misses as double) / nullif(hits + misses, 0), 10)
            as type_1_error,
        round(
            cast(false_alarms as double)
            / nullif(false_alarms + correct_silences, 0),
            10
        ) as type_2_error,
        round(cast(hits as double) / nullif(warnings, 0), 10)
            as precision_share,
        round(cast(hits as double) / nullif(hits + misses, 0), 10)
            as recall_share
    from counted
),

final as (
    select
        rated.rule_id,
        rated.rule_version,
        rated.cases,
        rated.warnings,
        rated.hits,
        rated.misses,
        rated.false_alarms,
        rated.correct_silences,
        rated.precision_share as precision,
        rated.recall_share as recall,
        rated.median_lead_days,
        rated.type_1_error,
        rated.type_2_error,
        round(rated.type_2_error / nullif(rated.recall_share, 0), 10)
            as noise_to_signal,
        coalesce(rated.hits + rated.misses >= demands.min_events, false)
            as is_enough
    from rated
    cross join demands
)

select * from final
