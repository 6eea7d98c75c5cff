with

hits as (
    select
        rule_id,
        rule_version,
        count(*) as hits,
        count(*) filter (where severity = 'error') as errors,
        count(*) filter (where severity = 'warning') as warnings,
        count(*) filter (where severity = 'waived') as waived,
        count(distinct unit_code) as units_concerned,
        min(known_from) as first_hit_at,
        max(known_from) as last_hit_at
    from {{ ref('fct_rejection') }}
    group by rule_id, rule_version
),

cases as (
    select
        rule_id,
        rule_version,
        count(*) as reports_concerned,
        count(*) filter (where is_tried_again) as reports_tried_again,
        count(*) filter (where is_mended) as reports_mended,
        count(*) filter (where is_mended_at_once) as reports_mended_at_once,
        cast(median(hours_to_fix) as double) as median_hours_to_fix
    from {{ ref('int_rule_cases') }}
    group by rule_id, rule_version
),

-- Without all its parameters the criterion is not applied.
criterion as (
    select
        max(rule_version) as criterion_version,
        max(case when parameter = 'min_hits' then cast(value as double) end)
            as min_hits,
        max(case when parameter = 'min_tries' then cast(value as double) end)
            as min_tries,
        max(
            case
                when parameter = 'second_try_share_pct'
                    then cast(value as double)
            end
        ) as second_try_share_pct,
        max(
            case
                when parameter = 'waived_share_pct' then cast(value as double)
            end
        ) as waived_share_pct
    from {{ ref('int_rule_parameters') }}
    where rule_id = 'RULE_QUALITY'
),

measured as (
    select
        hits.*,
        coalesce(cases.reports_concerned, 0) as reports_concerned,
        coalesce(cases.reports_tried_again, 0) as reports_tried_again,
        coalesce(cases.reports_mended, 0) as reports_mended,
        cases.median_hours_to_fix,
        round(100.0 * hits.waived / hits.hits, 10) as waived_share,
        round(
            100.0 * cases.reports_mended_at_once
            / nullif(cases.reports_tried_again, 0),
            10
        ) as second_try_share
    from hits
    left join cases
        on
            hits.rule_id = cases.rule_id
            and hits.rule_version = cases.rule_version
),

judged as (
    select
        measured.rule_id,
        measured.rule_version,
        measured.hits,
        measured.errors,
        measured.warnings,
        measured.waived,
        measured.waived_share,
        measured.units_concerned,
        measured.reports_concerned,
        measured.reports_tried_again,
        measured.reports_mended,
        measured.second_try_share,
        measured.median_hours_to_fix,
        measured.first_hit_at,
        measured.last_hit_at,
        measured.reports_tried_again >= criterion.min_tries
        and measured.second_try_share < criterion.second_try_share_pct
            as is_hard_to_mend,
        measured.hits >= criterion.min_hits
        and measured.waived_share > criterion.waived_share_pct
            as is_often_waived,
        criterion.criterion_version
    from measured
    cross join criterion
),

final as (
    select
        *,
        is_hard_to_mend or is_often_waived as is_confusing
    from judged
)

select * from final
